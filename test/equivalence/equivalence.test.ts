import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCase, readCases, writeCells } from '../../build/cases.mjs';
import { python, root } from '../environment.ts';
import { outputsOf } from './normalise.ts';

/** Hazards of ten lines: cells are separated by a line of `---`. Those that say `# ALSO equivalence` are cases of the conformance suite. */
const folder = path.join(root, 'test', 'equivalence', 'notebooks');
const folderOfSuite = path.join(root, 'test', 'conformance', 'cases');
/** `FILTER=pool npx vitest run test/equivalence` runs those whose name has the word. */
const filter = process.env['FILTER'] ?? '';
const ofSuite = new Map(
  readCases(folderOfSuite)
    .filter(({ also }) => also.includes('equivalence'))
    .map(({ file }) => [path.basename(file), file]),
);
const names = [...readdirSync(folder), ...ofSuite.keys()].filter((name) => name.includes(filter)).sort();
/** Hazards that show only when a cell is changed so that it gives something else; the first line says what: `# EDIT OLD => NEW`. */
const editedFolder = path.join(root, 'test', 'equivalence', 'edited');
const edited = readdirSync(editedFolder).sort();
const samples = ['messy', 'analysis', 'flights'].filter((name) => name.includes(filter));
const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-equivalence-'));
/** With a place of its own for what `%store` keeps. What was imported is kept from one run of a notebook to the next. */
const environment = {
  ...process.env,
  CELLWRIGHT_KEEP_WARM: '0.5',
  XDG_CACHE_HOME: path.join(scratch, 'cache'),
  IPYTHONDIR: path.join(scratch, 'ipython'),
};

function place(name: string, kind: string): string {
  return path.join(scratch, kind, name, 'notebook.ipynb');
}

function write(
  name: string,
  kind: string,
  text = readFileSync(ofSuite.get(name) ?? path.join(folder, name), 'utf8'),
): void {
  writeCells(place(name, kind), parseCase(text).cells);
}

/** Parameters with which a sample that takes minutes runs in seconds; every cell still runs. */
const quicker: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  flights: [
    [String.raw`origin = \"all\"`, String.raw`origin = \"LGA\"`],
    ['n_trees = 60', 'n_trees = 3'],
    ['sample_size = 24_000', 'sample_size = 1_000'],
  ],
};

function makeQuicker(name: string, kind: string): void {
  let text = readFileSync(place(name, kind), 'utf8');
  for (const [slow, quick] of quicker[name] ?? []) {
    expect(text).toContain(slow);
    text = text.replace(slow, quick);
  }
  writeFileSync(place(name, kind), text);
}

function compiled(name: string, ...flags: string[]): unknown[] {
  const out = path.join(scratch, `${name}.out.ipynb`);
  rmSync(out, { force: true });
  const cli = path.join(root, 'dist', 'cellwright.mjs');
  const done = spawnSync('node', [cli, 'run', place(name, 'compiled'), '--python', python, '-o', out, ...flags], {
    env: environment,
    encoding: 'utf8',
  });
  expect([0, 1], done.stderr).toContain(done.status);
  return outputsOf(out);
}

/** Changes the code of every second cell without changing what it does, so that it runs again from stored values. */
function edit(name: string): void {
  const notebook = JSON.parse(readFileSync(place(name, 'compiled'), 'utf8')) as {
    cells: { cell_type: string; source: string | string[] }[];
  };
  notebook.cells.forEach((cell, index) => {
    const source = Array.isArray(cell.source) ? cell.source.join('') : cell.source;
    if (cell.cell_type === 'code' && index % 2 === 1 && !/^\s*[%!]/m.test(source)) cell.source = `pass\n${source}`;
  });
  writeFileSync(place(name, 'compiled'), JSON.stringify(notebook));
}

/** The text of a case before and after its edit. */
function versions(name: string): readonly [string, string] {
  const [line = '', ...rest] = readFileSync(path.join(editedFolder, name), 'utf8').split('\n');
  const [before = '', after = ''] = line
    .replace(/^# EDIT /, '')
    .replaceAll('\\n', '\n')
    .split(' => ');
  const text = rest.join('\n');
  expect(text, `${name} has what its edit replaces`).toContain(before);
  return [text, text.replaceAll(before, after)];
}

beforeAll(() => {
  for (const kind of ['plain', 'compiled']) {
    for (const name of names) write(name, kind);
    for (const name of samples) {
      cpSync(path.join(root, 'samples', name), path.join(scratch, kind, name), { recursive: true });
      makeQuicker(name, kind);
    }
  }
  for (const name of edited) write(name, 'plain', versions(name)[1]);
  const pairs = [...names, ...samples, ...edited].flatMap((name) => [
    place(name, 'plain'),
    path.join(scratch, `${name}.plain.ipynb`),
  ]);
  execFileSync(python, [path.join(root, 'test', 'equivalence', 'plain.py'), ...pairs], {
    stdio: 'pipe',
    env: environment,
  });
}, 300_000);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe('a compiled notebook gives what Restart & Run All gives', () => {
  test.each([...names, ...samples])(
    '%s',
    (name) => {
      const truth = outputsOf(path.join(scratch, `${name}.plain.ipynb`));
      expect(compiled(name)).toEqual(truth);
      expect(compiled(name), 'from the cache').toEqual(truth);
      // What took minutes without this would be run a second time.
      if (name in quicker) return;
      edit(name);
      expect(compiled(name), 'after an edit').toEqual(truth);
    },
    120_000,
  );
});

const few = ['class-counter-and-instances.txt', 'figures.txt', 'generator-over-cells.txt', 'library-set-up.txt'];
const afresh = few.filter((name) => names.includes(name));

describe.skipIf(afresh.length === 0)('where processes are not forked but started afresh', () => {
  test.each(afresh)(
    '%s',
    (name) => {
      const truth = outputsOf(path.join(scratch, `${name}.plain.ipynb`));
      expect(compiled(name, '--spawn', '--no-cache')).toEqual(truth);
    },
    120_000,
  );
});

describe('a cell that gives something else reaches all that was made from it', () => {
  test.each(edited)(
    '%s',
    (name) => {
      const [before, after] = versions(name);
      write(name, 'compiled', before);
      compiled(name);
      write(name, 'compiled', after);
      expect(compiled(name)).toEqual(outputsOf(path.join(scratch, `${name}.plain.ipynb`)));
    },
    120_000,
  );
});
