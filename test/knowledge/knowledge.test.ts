import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { pythonKnowledge } from '../../compiler/knowledge/load.ts';
import { python, root } from '../environment.ts';
import { differences, type Answer, type TestedEntry } from './differences.ts';

interface Library {
  readonly library: string;
  readonly optional: boolean;
  readonly entries: readonly TestedEntry[];
}

interface Told {
  readonly missing?: readonly string[];
  readonly entries: Readonly<Record<string, Answer>>;
  readonly differing: readonly unknown[];
}

const reader = path.join(root, 'build', 'knowledge.mjs');
const libraries = JSON.parse(
  execFileSync(process.execPath, [reader], { encoding: 'utf8', maxBuffer: 1 << 28 }),
) as readonly Library[];

/** Makes the example calls in a process of its own. */
function observe(library: Library): Promise<Told> {
  return new Promise((resolve, reject) => {
    const script = path.join(root, 'test', 'knowledge', 'observe.py');
    const child = execFile(python, [script], { maxBuffer: 1 << 28 }, (error, out, err) => {
      if (error !== null) reject(new Error(`${error.message}\n${err}`));
      else resolve((JSON.parse(out) as [Told])[0]);
    });
    child.stdin?.end(JSON.stringify([library]));
  });
}

function problemsOf(entries: readonly TestedEntry[], told: Told): readonly string[] {
  return entries.flatMap((entry) =>
    differences(entry, told.entries[entry.id]).map((problem) => `${entry.id}: ${problem}`),
  );
}

function libraryOf(name: string): Library {
  const found = libraries.find(({ library }) => library === name);
  if (found === undefined) throw new Error(`there is no table ${name}`);
  return found;
}

describe('the libraries do what their tables say', () => {
  test.for(libraries.map(({ library }) => library))('%s', { timeout: 600_000 }, async (name, { skip }) => {
    const library = libraryOf(name);
    const told = await observe(library);
    skip(library.optional && told.missing !== undefined, `${name} is not installed`);
    expect(told.missing).toBeUndefined();
    expect(problemsOf(library.entries, told)).toEqual([]);
    expect(told.differing).toEqual([]);
    expect(Object.keys(told.entries).length).toBe(library.entries.length);
  });

  test.each([
    ['list, methods: append', { effects: [] }, 'it changes receiver, which it does not say'],
    ['list, methods: copy', { effects: [{ kind: 'changes-receiver' }] }, 'no example changes the receiver'],
    ['list, methods: copy', { examples: [] }, 'it has no example'],
    [
      'list, methods: index',
      { classes: { types: ['builtins.str'], tuple: [] } },
      'it gives builtins.int, not builtins.str',
    ],
    ['builtins.next', { effects: [] }, 'it changes argument 0, which it does not say'],
    ['builtins.open', { effects: [] }, 'it reads text.txt, which it does not say'],
    ['builtins.exec', { effects: [] }, 'it runs text, which it does not say'],
    ['builtins.len', { effects: [{ kind: 'names-in-text' }] }, 'no example needs a variable that its text names'],
    ['dict, methods: copy', { gives: { types: [], special: 'receiver' } }, 'it does not give the receiver'],
  ] as const)('a mistake in %s is seen', { timeout: 120_000 }, async (id, mistake, problem) => {
    const library = libraryOf('builtins');
    const entry = library.entries.find((one) => one.id === id);
    if (entry === undefined) throw new Error(`there is no entry ${id}`);
    const wrong = { ...entry, ...mistake } as TestedEntry & { readonly names?: boolean };
    const names = wrong.effects.some(({ kind }) => kind === 'names-in-text');
    const entries = [{ ...wrong, names }];
    expect(problemsOf(entries, await observe({ ...library, entries }))[0]).toBe(`${id}: ${problem}`);
  });

  test('a mistake about hidden state is seen', { timeout: 120_000 }, async () => {
    const library = libraryOf('standard-library');
    const wrong: Readonly<Record<string, readonly unknown[]>> = {
      'random.seed': [],
      'random.getstate': [{ kind: 'state', state: 'random', access: 'write' }],
      'os.getpid': [{ kind: 'state', state: 'cwd', access: 'read' }],
      'os.system': [],
    };
    const entries = library.entries
      .filter(({ id }) => id in wrong)
      .map((entry) => ({ ...entry, effects: wrong[entry.id], reads: entry.id === 'os.getpid' ? ['cwd'] : [] }));
    const told = await observe({ ...library, entries: entries as unknown as readonly TestedEntry[] });
    expect(problemsOf(entries as unknown as readonly TestedEntry[], told)).toEqual([
      'random.getstate: no example writes random',
      'random.seed: it writes random, which it does not say',
      'os.getpid: no example needs cwd',
      'os.system: it reaches a program, which it does not say',
    ]);
  });
});

describe('a table with a mistake is refused, and the message says where it is', () => {
  test.each([
    [
      'does: changes receiver, gives: NoneType',
      'does: changes reciever, gives: NoneType',
      'nobody knows what "changes reciever" means',
    ],
    ['does: changes receiver, gives: NoneType', 'gives: NoneType', 'say what it "does", if only "nothing"'],
    ['does: changes receiver, gives: NoneType', 'does: changes receiver, gives: Nothing', 'there is no type Nothing'],
    ['does: changes receiver, gives: NoneType', 'does: changes receiver, give: NoneType', 'there is no key "give"'],
    [
      'does: changes receiver, gives: NoneType',
      'does: writes universe, gives: NoneType',
      'nobody knows what "writes universe" means',
    ],
  ])('%s becomes %s', (right, wrong, message) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-knowledge-'));
    cpSync(path.join(root, 'compiler', 'knowledge', 'python'), folder, { recursive: true });
    const file = path.join(folder, 'builtins.yaml');
    const line = `append: { ${right}`;
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(line);
    writeFileSync(file, text.replace(line, `append: { ${wrong}`));
    const { status, stderr } = spawnSync(process.execPath, [reader, folder], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(stderr).toContain(`builtins.yaml, type bytearray, append: ${message}`);
    expect(status).toBe(1);
  });
});

function ask(text: string): readonly string[] {
  return execFileSync(python, ['-c', text], { encoding: 'utf8' }).trim().split(/\s+/);
}

test('every builtin is known by its name', () => {
  const names = ask('import builtins; print(*(name for name in dir(builtins) if name[:2] != "__"))');
  expect(names.filter((name) => !pythonKnowledge.builtinNames.has(name))).toEqual([]);
});

test('every magic that IPython runs without its mark is known', () => {
  const names = ask(
    'from IPython.core.interactiveshell import InteractiveShell as S; print(*S.instance().magics_manager.magics["line"])',
  );
  expect(names.filter((name) => !pythonKnowledge.automagics.has(name))).toEqual([]);
});
