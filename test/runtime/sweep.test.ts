import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeSocketFolder } from '../../runtime/process/socket-folder.ts';
import { cleanState, keepBelow, sweepRuns, sweepTemporary, untilCleaned } from '../../runtime/store/sweep.ts';
import { claim, ownershipOf } from '../../runtime/store/owner.ts';
import { python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-sweep-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const digest = (letter: string): string => letter.repeat(64);

function write(file: string, text = 'x'): string {
  const place = path.join(folder, file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, text);
  return place;
}

/** Marks a folder as that of a process that has ended: the mark of this one, with the number of another. */
function claimDead(place: string): void {
  mkdirSync(place, { recursive: true });
  claim(place);
  const file = path.join(place, 'owner.json');
  const { pid } = spawnSync('true');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), pid }));
}

function claimElsewhere(place: string): void {
  mkdirSync(place, { recursive: true });
  claim(place);
  const file = path.join(place, 'owner.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), machine: 'other' }));
}

const run = (number: number): string => `20260101T00000${String(number)}-abcd`;

test('who owns a folder is told, and of other machines only that it is not known', () => {
  for (const name of ['alive', 'dead', 'elsewhere', 'none', 'half']) mkdirSync(path.join(folder, name));
  claim(path.join(folder, 'alive'));
  claimDead(path.join(folder, 'dead'));
  claimElsewhere(path.join(folder, 'elsewhere'));
  write('half/owner.json', '{"pid":');
  const found = ['alive', 'dead', 'elsewhere', 'none', 'half'].map((name) => ownershipOf(path.join(folder, name)));
  expect(found).toEqual(['alive', 'dead', 'unknown', 'none', 'unknown']);
  expect(claim(path.join(folder, 'alive'))).toBe(false);
});

test('temporary folders of dead processes go, and no others', () => {
  claimDead(path.join(folder, 'cw-abcdef'));
  claimDead(path.join(folder, 'cw-plain-abcdef'));
  claimDead(path.join(folder, 'cw-of-somebody'));
  claimElsewhere(path.join(folder, 'cw-ABCDEF'));
  mkdirSync(path.join(folder, 'cw-123456'));
  const { folder: own } = makeSocketFolder(folder);
  sweepTemporary(folder);
  expect(readdirSync(folder).sort()).toEqual(['cw-123456', 'cw-ABCDEF', path.basename(own), 'cw-of-somebody'].sort());
});

test('copies of dead runs go, old logs go, and a run that is going on keeps all', () => {
  for (const number of [1, 2, 3, 4]) {
    const file = write(`runs/${run(number)}/events.jsonl`);
    write(`runs/${run(number)}/effects/0`, 'copy');
    utimesSync(file, number, number);
    utimesSync(path.dirname(file), number, number);
  }
  write('runs/mine/events.jsonl');
  claim(path.join(folder, 'runs', run(1)));
  claimDead(path.join(folder, 'runs', run(2)));
  utimesSync(path.join(folder, 'runs', run(2)), 2, 2);
  expect(sweepRuns(folder, { isKept: (name) => name === run(4) })).toMatchObject({ runs: 2, unfinished: 1 });
  expect(readdirSync(path.join(folder, 'runs')).sort()).toEqual([run(1), run(4), 'mine']);
  expect(existsSync(path.join(folder, 'runs', run(1), 'effects'))).toBe(true);
  expect(existsSync(path.join(folder, 'runs', run(4), 'effects'))).toBe(false);
});

test('objects that no manifest names go, unless a run is going on', () => {
  for (const letter of ['a', 'b']) write(`store/objects/${letter}${letter}/${digest(letter)}`);
  write('store/objects/aa/.tmp-abc');
  write('manifests/m.json', JSON.stringify({ entries: [{ object: `sha256:${digest('a')}` }] }));
  mkdirSync(path.join(folder, 'runs', run(1)), { recursive: true });
  claim(path.join(folder, 'runs', run(1)));
  expect(cleanState(folder, { isKept: () => true })).toBe('busy');
  expect(cleanState(folder, { isKept: () => true, own: run(1) })).toEqual({
    runs: 0,
    objects: 1,
    unfinished: 1,
    environments: 0,
    bytes: 2,
  });
  expect(readdirSync(path.join(folder, 'store', 'objects', 'aa'))).toEqual([digest('a')]);
  expect(readdirSync(path.join(folder, 'store', 'objects', 'bb'))).toEqual([]);
});

test('answers about packages that no manifest names go', () => {
  write(`store/objects/aa/${digest('a')}`);
  for (const letter of ['a', 'b']) write(`packages/${digest(letter)}.json`);
  write('manifests/m.json', JSON.stringify({ entries: [{ packages: digest('a') }] }));
  cleanState(folder, { isKept: () => true });
  expect(readdirSync(path.join(folder, 'packages'))).toEqual([`${digest('a')}.json`]);
});

test('environments that were not the last to be used go, and what is left of killed builds', () => {
  const key = (letter: string): string => letter.repeat(32);
  const name = (letter: string): string => `${key(letter)}-${letter.repeat(12)}`;
  write(`store/objects/aa/${digest('a')}`);
  for (const letter of ['a', 'b', 'c', 'd']) write(`environments/${name(letter)}/venv/file`, 'xx');
  for (const [at, letter] of ['a', 'b'].entries()) {
    write(`environments/${key(letter)}.json`, JSON.stringify({ folder: name(letter), installed: [] }));
    utimesSync(path.join(folder, 'environments', `${key(letter)}.json`), at, at);
  }
  // Somebody is at work in this one.
  claim(path.join(folder, 'environments', name('d')));
  expect(cleanState(folder, { isKept: () => true })).toMatchObject({ environments: 2 });
  expect(readdirSync(path.join(folder, 'environments')).sort()).toEqual([name('b'), `${key('b')}.json`, name('d')]);
});

test('one that is cleaned by somebody is not cleaned by another, and a run waits for it', async () => {
  write(`store/objects/aa/${digest('a')}`);
  mkdirSync(path.join(folder, 'cleaning'));
  claim(path.join(folder, 'cleaning'));
  expect(cleanState(folder, { isKept: () => true })).toBe('busy');
  let waited = false;
  const waiting = untilCleaned(folder).then(() => (waited = true));
  await new Promise((resolve) => setTimeout(resolve, 120));
  expect(waited).toBe(false);
  rmSync(path.join(folder, 'cleaning', 'owner.json'));
  await waiting;
});

test('a store that is too large forgets what nothing names first, then code that is gone', () => {
  const sizes = { a: 10, b: 20, c: 40 };
  const fill = (): void => {
    for (const [letter, size] of Object.entries(sizes)) {
      write(`store/objects/${letter}${letter}/${digest(letter)}`, 'x'.repeat(size));
    }
    write('manifests/now.json', digest('a'));
    write('manifests/gone.json', digest('b'));
  };
  const left = (): string[] =>
    ['a', 'b', 'c'].filter((letter) =>
      existsSync(path.join(folder, `store/objects/${letter}${letter}/${digest(letter)}`)),
    );
  const keep = (most: number): string[] => {
    fill();
    keepBelow(folder, { most, own: run(1), codes: new Set(['now']) });
    return left();
  };
  expect(keep(100)).toEqual(['a', 'b', 'c']);
  expect(keep(50)).toEqual(['a', 'b']);
  expect(keep(15)).toEqual(['a']);
  expect(keep(1)).toEqual(['a']);
});

interface Called {
  readonly code: number | null;
  readonly out: string;
}

function call(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Called {
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const done = spawnSync(process.execPath, [program, ...words], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), ...environment },
  });
  return { code: done.status, out: `${done.stdout}${done.stderr}` };
}

test('a folder of temporary files with a long path is no hindrance', () => {
  write('n.py', '# %%\nprint(1)\n');
  const long = path.join(folder, 'x'.repeat(110));
  mkdirSync(long);
  const { code, out } = call(['run', 'n.py', '--python', python, '--no-report'], { TMPDIR: long });
  expect({ code, out }).toMatchObject({ code: 0 });
  expect(readdirSync(folder).sort()).toEqual(['cache', 'n.cellwright', 'n.py', 'x'.repeat(110)]);
  expect(readdirSync(long)).toEqual([]);
});

test('after kill -9 the next run removes what was left, and clean what is not needed', async () => {
  const waits = 'import time\nopen("f", "w").write("new")\nopen("go", "w").close()\ntime.sleep(60)';
  write('n.py', `# %%\nx = list(range(1000))\n# %%\n${waits}\n`);
  write('f', 'old');
  const temporary = path.join(folder, 'temporary');
  mkdirSync(temporary);
  const words = ['run', 'n.py', '--python', python, '--no-report'];
  const child = spawn(process.execPath, [path.join(root, 'dist', 'cellwright.mjs'), ...words], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), TMPDIR: temporary },
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  for (const limit = Date.now() + 30_000; !existsSync(path.join(folder, 'go'));) {
    if (Date.now() > limit) throw new Error('it did not start within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(call(['clean', 'n.py']).out).toContain('A run of this notebook is going on');
  child.kill('SIGKILL');
  await ended;
  const state = path.join(
    folder,
    'cache',
    'cellwright',
    readdirSync(path.join(folder, 'cache', 'cellwright'))[0] ?? '',
  );
  const [killed = ''] = readdirSync(path.join(state, 'runs'));
  expect(existsSync(path.join(state, 'runs', killed, 'effects'))).toBe(true);
  expect(readdirSync(temporary)).toHaveLength(1);
  write('n.py', '# %%\nx = list(range(1001))\n# %%\nprint(len(x))\n');
  expect(call([...words, '--quiet'], { TMPDIR: temporary }).code).toBe(0);
  expect(existsSync(path.join(state, 'runs', killed, 'effects'))).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
  expect(call(['clean', '--all']).out).toMatch(/^1 old runs, \d+ stored values and \d+ unfinished files removed, /);
  expect(call(['status', 'n.py', '--python', python]).out).toContain('2 would be reused');
}, 60_000);
