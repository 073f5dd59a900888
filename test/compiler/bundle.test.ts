import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { readBundle } from '../../compiler/bundle/read.ts';
import { bundleFiles, createCompiler, type Compiler } from '../../compiler/index.ts';
import { python, root } from '../environment.ts';

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (file: string): Buffer => readFileSync(path.join(root, 'node_modules', file));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

const samples = ['flights/notebook.ipynb', 'messy/notebook.ipynb', 'analysis/notebook.ipynb'];

/** With a bit of everything. */
const small = `# %% tags=["parameters"]
n = 3
# %%
#| timeout: 5
#| label: numbers
import numpy as np
np.random.seed(n)
x = [n]
# %%
%unknown x
!ls
# %%
x.append(np.random.rand())
`;

function filesOf(sample: string): Record<string, string> {
  const { bundle, notebook } =
    sample === small || sample === tricky
      ? compiler.compile(sample, 'small.py')
      : compiler.compile(readFileSync(path.join(root, 'samples', sample)), path.basename(sample));
  if (bundle === undefined || notebook === undefined) throw new Error(`${sample} does not compile`);
  return bundleFiles(bundle, notebook, {});
}

/** Cells that are valid at the top of a module alone, or change when they are indented. */
const tricky = `# %%
from __future__ import annotations
from math import *
print(pi)
# %%
import asyncio
await asyncio.sleep(0)
# %%
text = '''one
  two
from os import *
'''
# %%
joined = 'a\\
  b'; from string import *
# %%
try:
    from string import *
except ImportError:
    pass
# %%
async def later():
    await asyncio.sleep(0)
# %%
[x async for x in later()]
# %%
shown = f"{await later()}"
# %%
count = 1
# %%
global count
count += 1
# %% [markdown]
# # He said "stop"
# %%
print(1)
# %%
print "old"
`;

function complaintsOf(modules: readonly (readonly [string, string])[]): string {
  const script = `
import json, sys
for name, text in json.load(sys.stdin):
    try:
        compile(text, name, "exec")
    except SyntaxError as error:
        print(name, error)
`;
  return execFileSync(python, ['-c', script], { input: JSON.stringify(modules), encoding: 'utf8' });
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Numbers from a seed (mulberry32), so that a failure can be had again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const strangers: readonly Json[] = [
  null,
  true,
  -1,
  1.5,
  0,
  '',
  '*',
  'sha256:0',
  '../x',
  [],
  {},
  ['a', 1],
  { kind: 'file' },
];

/** A copy with one place changed: taken away, made into something else, or given a key that nobody knows. */
function damage(value: Json, random: () => number): Json {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  if (typeof value === 'object' && value !== null && random() < 0.85) {
    const keys = Object.keys(value);
    if (keys.length > 0) {
      const key = pick(keys);
      const inside = (value as Record<string, Json>)[key] as Json;
      if (Array.isArray(value)) return value.map((item, at) => (String(at) === key ? damage(item, random) : item));
      const changed: Record<string, Json> = { ...value };
      const what = random();
      if (what < 0.1) Reflect.deleteProperty(changed, key);
      else if (what < 0.2) changed[`${key}2`] = inside;
      else changed[key] = damage(inside, random);
      return changed;
    }
  }
  return pick(strangers);
}

const check = `
import json, sys
from jsonschema import Draft202012Validator
with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
json.dump([validator.is_valid(value) for value in json.load(sys.stdin)], sys.stdout)
`;

describe('bundle.json', () => {
  test.each(samples)('%s: what was written is read, and is the same', (sample) => {
    const text = filesOf(sample)['bundle.json'] ?? '';
    const read = readBundle(text);
    expect(read.ok && read.value).toEqual(JSON.parse(text));
  });

  test('the reader and a validator of JSON Schema agree on whole and on damaged bundles', () => {
    const random = seeded(20);
    const whole = ['messy/notebook.ipynb', small].map((name) => JSON.parse(filesOf(name)['bundle.json'] ?? '') as Json);
    const damaged = Array.from({ length: 400 }, (_, at) => damage(whole[at === 0 ? 0 : 1] as Json, random));
    const schema = path.join(root, 'docs', 'schemas', 'bundle.schema.json');
    const input = JSON.stringify([...whole, ...damaged]);
    const valid = JSON.parse(
      execFileSync(python, ['-c', check, schema], { input, encoding: 'utf8', maxBuffer: 1 << 28 }),
    ) as boolean[];
    const ours = [...whole, ...damaged].map((value) => {
      const read = readBundle(JSON.stringify(value));
      // Beyond the schema, the reader looks at ids, names and edges.
      return read.ok || read.error.some(({ message }) => /damaged: (?:an edge|two tasks)/.test(message));
    });
    expect(ours).toEqual(valid);
    expect(valid.filter(Boolean).length).toBeGreaterThanOrEqual(whole.length);
    expect(valid.filter((sound) => !sound).length).toBeGreaterThan(300);
  });

  test('edges that lead nowhere or back, and ids that are not unique, are refused', () => {
    const bundle = JSON.parse(filesOf('messy/notebook.ipynb')['bundle.json'] ?? '') as Bundle;
    const [first, second] = bundle.tasks;
    const [edge] = bundle.edges;
    if (first === undefined || second === undefined || edge === undefined) throw new Error('the sample has no edge');
    const refuse = (changed: Partial<Bundle>): void => {
      const read = readBundle(JSON.stringify({ ...bundle, ...changed }));
      expect(read.ok ? '' : read.error[0]?.code).toBe('CW301');
    };
    refuse({ edges: [{ ...edge, to: 'nowhere' }] });
    refuse({ edges: [{ ...edge, from: edge.to, to: edge.from }] });
    refuse({ tasks: [first, { ...second, id: first.id }] });
    refuse({ tasks: [first, { ...second, name: first.name }] });
    refuse({ tasks: [{ ...first, module: '../outside.py' }] });
    refuse({ tasks: [{ ...first, module: '/etc/passwd' }] });
  });
});

describe('the files of a bundle', () => {
  test.each(samples)('%s: the same bytes twice, whatever the folder and the locale', (sample) => {
    const first = filesOf(sample);
    expect(filesOf(sample)).toEqual(first);
    const script = `
      import { createCompiler, bundleFiles } from ${JSON.stringify(path.join(root, 'dist', 'compiler.mjs'))};
      import { readFileSync } from 'node:fs';
      const wasm = (name) => readFileSync(${JSON.stringify(path.join(root, 'dist'))} + '/' + name);
      const compiler = await createCompiler({
        runtimeWasm: wasm('web-tree-sitter.wasm'), languageWasm: wasm('tree-sitter-python.wasm') });
      const { bundle, notebook } = compiler.compile(readFileSync(process.argv[1]), process.argv[2]);
      process.stdout.write(JSON.stringify(bundleFiles(bundle, notebook, {})));`;
    const file = path.join(root, 'samples', sample);
    const elsewhere = execFileSync('node', ['--input-type=module', '-e', script, file, path.basename(sample)], {
      cwd: '/',
      env: { PATH: process.env['PATH'], LC_ALL: 'tr_TR.UTF-8', TZ: 'Asia/Kolkata' },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(JSON.parse(elsewhere)).toEqual(first);
  });

  test.each(samples)('%s: every module is valid Python', (sample) => {
    const modules = Object.entries(filesOf(sample)).filter(([name]) => name.endsWith('.py'));
    expect(modules.length).toBeGreaterThan(5);
    expect(complaintsOf(modules)).toBe('');
  });

  test('modules of cells that are hard to put into a function are valid Python, and say the same', () => {
    const files = filesOf(tricky);
    const modules = Object.entries(files).filter(([name]) => name.endsWith('.py'));
    expect(complaintsOf(modules)).toBe('');
    const text = modules.map(([, module]) => module).join('\n');
    expect(text).toContain('\nfrom math import *\n');
    expect(text).toMatch(/async def task_\w+\(\w*\):\n.*\n {4}import asyncio\n {4}await/);
    expect(text).toContain("    text = '''one\n  two\nfrom os import *\n'''\n");
    expect(text).toMatch(/\ndef task_\w+\(\):\n.*\n {4}async def later/);
    expect(text).toContain('    # print "old"');
  });
});
