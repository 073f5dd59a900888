import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write('n.py', notebook);
  place.write('local.py', 'import cycler\n');
});
// Thousands of small files.
const patience = 180_000;
afterAll(() => {
  place.remove();
}, patience);

const notebook = `# %%
import sys
def later():
    import local
# %%
import importlib.metadata
print(sorted(one.name.lower() for one in importlib.metadata.distributions()))
print(sys.prefix)
`;

const packages = `
import json, sys, tomllib
from packaging.pylock import Pylock
with open(sys.argv[1], 'rb') as file:
    lock = Pylock.from_dict(tomllib.load(file))
lock.validate()
print(json.dumps([(package.name, str(package.version)) for package in lock.packages]))
`;

/** Names and versions of a lock, read by the reference implementation of PEP 751, which refuses what does not follow it. */
function readByPackaging(file: string): readonly (readonly [string, string])[] {
  const out = execFileSync(python, ['-c', packages, path.join(place.folder, file)], { encoding: 'utf8' });
  return JSON.parse(out) as [string, string][];
}

/** What pip says a distribution requires here, with the requirements of these. */
function closureByPip(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (let open = [...names]; open.length > 0;) {
    open.forEach((name) => found.add(name));
    const shown = execFileSync(python, ['-m', 'pip', 'show', ...open], { encoding: 'utf8' });
    const all = [...shown.matchAll(/^Requires: (.*)$/gm)].flatMap(([, line = '']) => line.split(', '));
    open = all
      .map((name) => name.toLowerCase().replaceAll(/[-_.]+/g, '-'))
      .filter((name) => name !== '' && !found.has(name));
  }
  return [...found].sort();
}

function textOf(file: string): string {
  return readFileSync(path.join(place.folder, file), 'utf8');
}

interface Executed {
  readonly cells: readonly { readonly outputs?: readonly { readonly text?: string | readonly string[] }[] }[];
}

/** What the cells printed. */
function printed(file: string): readonly string[] {
  const { cells } = JSON.parse(textOf(file)) as Executed;
  return cells.flatMap(({ outputs = [] }) => outputs.flatMap(({ text = [] }) => [text].flat().join('').split('\n')));
}

describe('a lock', () => {
  test('has what the notebook imports, all that this requires, and nothing else', async () => {
    const { code, out, err } = await place.call('lock', 'n.py');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^pylock\.toml: \d+ packages for Python 3\.\d+\.\d+ on \w+ \w+\n {2}imported {2}cycler [\d.]+\n$/,
    );
    expect(readByPackaging('pylock.toml').map(([name]) => name)).toEqual(closureByPip(['cycler', 'ipython']));
  });

  test('is the same bytes every time, and names no other index than the public one', async () => {
    const before = textOf('pylock.toml');
    expect((await place.call('lock', 'n.py')).code).toBe(0);
    expect(textOf('pylock.toml')).toBe(before);
    const hosts = [...before.matchAll(/https?:\/\/([^/"]*)/g)].map(([, host]) => host);
    expect(hosts.length).toBeGreaterThan(0);
    expect(new Set(hosts)).toEqual(new Set(['files.pythonhosted.org']));
  });

  test('is compared with the environment: versions, and what is not needed any more', async () => {
    expect(await place.call('lock', 'n.py', '--check')).toMatchObject({ code: 0, err: '' });
    const text = textOf('pylock.toml');
    writeFileSync(
      path.join(place.folder, 'pylock.toml'),
      text.replace(/(name = "parso"\nversion = )"[^"]*"/, '$1"0.0.1"'),
    );
    place.write('less.py', '# %%\nimport sys\n');
    const { code, out } = await place.call('lock', 'less.py', '--check');
    writeFileSync(path.join(place.folder, 'pylock.toml'), text);
    expect(code).toBe(5);
    expect(out).toMatch(/^ {2}parso +locked 0\.0\.1 +here [\d.]+$/m);
    expect(out).toMatch(/^ {2}cycler +locked [\d.]+ +not needed here$/m);
  });

  test('has further packages when they are asked for, and remembers that', async () => {
    place.write('sub/w.py', '# %%\na = 1\n');
    expect((await place.call('lock', 'sub/w.py', '--with', 'attrs')).code).toBe(0);
    expect(readByPackaging('sub/pylock.toml').map(([name]) => name)).toContain('attrs');
    expect((await place.call('lock', 'sub/w.py', '--check')).code).toBe(0);
  });

  test('follows the documented JSON', async () => {
    const check = `
import json, sys
from jsonschema import Draft202012Validator
schema = json.load(open(sys.argv[1], encoding='utf-8'))
Draft202012Validator.check_schema(schema)
print(*[error.message for error in Draft202012Validator(schema).iter_errors(json.load(sys.stdin))])
`;
    for (const words of [['n.py', '--check'], ['n.py'], ['absent.py']]) {
      const { out } = await place.call('lock', ...words, '--json');
      const schema = path.join(root, 'docs', 'schemas', 'lock.schema.json');
      expect(execFileSync(python, ['-c', check, schema], { input: out, encoding: 'utf8' })).toBe('\n');
    }
  });

  test('without uv the next step is said', async () => {
    const empty = path.join(place.folder, 'empty');
    mkdirSync(empty);
    // An interpreter in which there is none either.
    const bare = `#!/bin/sh\n[ "$1" = -m ] && exit 1\nexec ${python} "$@"\n`;
    writeFileSync(path.join(place.folder, 'bare'), bare, { mode: 0o755 });
    place.variables = { PATH: empty };
    const { code, err } = await place.call('lock', 'n.py', '--python', './bare');
    place.variables = {};
    expect(code).toBe(2);
    expect(err).toContain('error CW704: uv was not found');
    expect(err).toContain('-m pip install uv');
  });
});

describe('a run in the environment of a lock', () => {
  test('has what the lock has, and the next run has the same', async () => {
    const status = await place.call('status', 'n.py', '--env', 'lock');
    expect(status.err).toContain('is not built yet');
    const first = await place.call('run', 'n.py', '--env', 'lock', '-o', 'out.ipynb', '--no-report');
    expect({ code: first.code, out: first.out }).toMatchObject({ code: 0 });
    expect(first.err).toContain('building the environment of pylock.toml');
    const [names = '', prefix = ''] = printed('out.ipynb');
    const installed = names
      .replaceAll(/[[\]']/g, '')
      .split(', ')
      .map((name) => name.replaceAll(/[-_.]+/g, '-'));
    expect(installed.sort()).toEqual(readByPackaging('pylock.toml').map(([name]) => name));
    const second = await place.call('run', 'n.py', '--env', 'lock', '-o', 'out.ipynb', '--no-report', '--force');
    expect(second.err).not.toContain('building');
    expect(printed('out.ipynb')[1]).toBe(prefix);
    expect((await place.call('status', 'n.py', '--env', 'pylock.toml')).err).toBe('');
  });

  test('is built again when somebody changed it', async () => {
    const [, prefix = ''] = printed('out.ipynb');
    const library = path.join(prefix, 'lib', readdirSync(path.join(prefix, 'lib'))[0] ?? '', 'site-packages');
    mkdirSync(path.join(library, 'extra-1.0.dist-info'));
    const { code, err } = await place.call('run', 'n.py', '--env', 'lock', '-o', 'out.ipynb', '--no-report');
    expect(code).toBe(0);
    expect(err).toContain('building');
    expect(printed('out.ipynb')[0]).not.toContain('extra');
  });

  test('is of one kind only', async () => {
    const { code, err } = await place.call('run', 'n.py', '--env', 'lock', '--python', python);
    expect(code).toBe(2);
    expect(err).toContain('--env and --python were both given');
  });

  test('is refused where the lock is of another platform', async () => {
    place.write('other/m.py', '# %%\na = 1\n');
    const text = textOf('pylock.toml').replace(/sys_platform == '\w+'/, "sys_platform == 'plan9'");
    place.write('other/pylock.m.toml', text);
    const { code, err } = await place.call('run', 'other/m.py', '--env', 'lock');
    expect(code).toBe(2);
    expect(err).toContain('CW702: other/pylock.m.toml is made for another platform');
  });

  test('is refused when a file has not the hash that was locked', async () => {
    place.write('forged/m.py', '# %%\na = 1\n');
    place.write('forged/pylock.toml', textOf('pylock.toml').replaceAll(/sha256 = "[0-9a-f]{4}/g, 'sha256 = "0000'));
    const { code, err } = await place.call('run', 'forged/m.py', '--env', 'lock');
    expect(code).toBe(2);
    expect(err).toMatch(/CW706: The environment of forged\/pylock\.toml cannot be built: .*hash/is);
  });

  test('a build that is killed leaves nothing that is used', async () => {
    place.write('killed/m.py', notebook);
    place.write('killed/local.py', 'import cycler\n');
    place.write('killed/pylock.toml', textOf('pylock.toml'));
    const state = path.join(place.folder, 'killed-state');
    const words = [
      'run',
      'killed/m.py',
      '--env',
      'lock',
      '--state',
      'killed-state',
      '-o',
      'killed.ipynb',
      '--no-report',
    ];
    const program = path.join(root, 'dist', 'cellwright.mjs');
    const environment = { ...process.env, PATH: `${path.dirname(python)}:${process.env['PATH'] ?? ''}` };
    const child = spawn(process.execPath, [program, ...words], {
      cwd: place.folder,
      env: environment,
      stdio: 'ignore',
      detached: true,
    });
    const isUnderWay = (): boolean =>
      existsSync(path.join(state, 'environments')) &&
      readdirSync(path.join(state, 'environments')).some((name) =>
        existsSync(path.join(state, 'environments', name, 'requirements.txt')),
      );
    while (!isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 5));
    // With what it has started, which would go on writing into a folder that is removed.
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    expect(readdirSync(path.join(state, 'environments')).filter((name) => name.endsWith('.json'))).toEqual([]);
    // Two at once: one builds, the other waits for it.
    const both = await Promise.all([place.call(...words), place.call(...words)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both.filter(({ err }) => err.includes('building')).length).toBe(1);
    const left = readdirSync(path.join(state, 'environments')).filter((name) => !name.endsWith('.json'));
    expect(left).toHaveLength(1);
  });
});

describe('script metadata', () => {
  test('is the environment where there is no lock', async () => {
    place.write(
      'meta/m.py',
      '# /// script\n# dependencies = ["attrs"]\n# ///\n# %%\nimport attr\nprint(attr.__name__)\n',
    );
    const { code, err } = await place.call('run', 'meta/m.py', '--env', 'lock', '-o', 'meta.ipynb', '--no-report');
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toContain('resolving the script metadata');
    expect(printed('meta.ipynb')[0]).toBe('attr');
    const again = await place.call('run', 'meta/m.py', '--env', 'lock', '-o', 'meta.ipynb', '--no-report');
    expect(again.err).not.toMatch(/resolving|building/);
  });

  test('is part of a lock', async () => {
    expect((await place.call('lock', 'meta/m.py')).code).toBe(0);
    expect(readByPackaging('meta/pylock.toml').map(([name]) => name)).toContain('attrs');
  });
});
