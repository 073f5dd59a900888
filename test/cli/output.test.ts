import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';
import { writeNotebook } from '../../extensions/cli/write-notebook.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

const cells = [
  { cell_type: 'code', id: 'one', metadata: { tags: ['parameters'] }, outputs: [], source: 'city = "nyc"\nn = 2' },
  { cell_type: 'code', id: 'two', metadata: {}, outputs: [], source: 'print(city, n)' },
].map((cell) => ({ ...cell, execution_count: null }));
const notebook = writeNotebook({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });

const at = (...names: string[]): string => path.join(place.folder, ...names);
const read = (...names: string[]): string => readFileSync(at(...names), 'utf8');

interface Document {
  readonly cells: readonly {
    readonly id: string;
    readonly source: readonly string[];
    readonly outputs?: readonly { readonly text?: readonly string[] }[];
  }[];
}

function sources(name: string): readonly string[] {
  return (JSON.parse(read(name)) as Document).cells.map(({ source }) => source.join(''));
}

beforeEach(() => {
  place.write('n.ipynb', notebook);
});

describe('OUT', () => {
  test.each([
    [['-o', ''], '-o takes OUT, which is empty here.'],
    [['out.txt'], 'out.txt is neither an .ipynb file nor a folder.'],
    [['n.ipynb/out.ipynb'], 'n.ipynb/out.ipynb cannot be written: a part of its path is no folder.'],
    [[`${'x'.repeat(300)}.ipynb`], 'its name is too long'],
    [['a.ipynb', '-o', 'b.ipynb'], 'Two places for the executed notebook were named'],
    [['out-{city}.ipynb'], 'asks for the parameter city, which is not given.'],
    [['a.ipynb', '--report', 'n.ipynb'], 'The report cannot be n.ipynb.'],
    [['a.ipynb', '--report', 'a.ipynb'], 'The report cannot be a.ipynb.'],
    [['-', '--json'], 'Standard output cannot hold the notebook and the JSON document.'],
    [['a.ipynb', '--state', 'n.ipynb/state'], 'cannot be written: a part of its path is no folder.'],
    [['a.ipynb', '--cwd', 'n.ipynb'], 'n.ipynb is no folder.'],
  ])('%j is refused before anything runs, and nothing is written', async (words, message) => {
    const before = readdirSync(place.folder);
    const { code, err, out } = await place.call('run', 'n.ipynb', ...words);
    expect(code).toBe(2);
    expect(`${err}${out}`).toContain(message);
    expect(readdirSync(place.folder)).toEqual(before);
    expect(read('n.ipynb')).toBe(notebook);
  });

  test('a folder that does not exist is made, and a parameter names the file', async () => {
    const { code } = await place.call(
      'run',
      'n.ipynb',
      'deep/er/{{{city}}}-{n}.ipynb',
      '-p',
      'city',
      'sf',
      '-p',
      'n',
      '5',
      '-q',
    );
    expect(code).toBe(0);
    expect(readdirSync(at('deep', 'er')).sort()).toEqual(['{sf}-5.ipynb', '{sf}-5.report.html']);
    rmSync(at('deep'), { recursive: true });
  });

  test('/dev/null takes the notebook, and there is no report', async () => {
    expect(await place.call('run', 'n.ipynb', '/dev/null', '-q')).toEqual({ code: 0, out: '', err: '' });
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('the notebook itself may be OUT: its sources stay, and a second run replaces the injected cell', async () => {
    expect((await place.call('run', 'n.ipynb', 'n.ipynb', '-p', 'city', 'la', '--no-report', '-q')).code).toBe(0);
    expect((await place.call('run', 'n.ipynb', 'n.ipynb', '-p', 'city', 'rome', '--no-report', '-q')).code).toBe(0);
    expect(sources('n.ipynb')).toEqual(['city = "nyc"\nn = 2', '# Parameters\ncity = "rome"\n', 'print(city, n)']);
    expect((JSON.parse(read('n.ipynb')) as Document).cells.at(-1)?.outputs?.[0]?.text).toEqual(['rome 2\n']);
  });

  test('a notebook that was saved while it ran is left as it is', async () => {
    const slow = cells.map((cell) => ({ ...cell, source: `${cell.source}\nopen("n.ipynb", "a").write(" ")` }));
    place.write('n.ipynb', writeNotebook({ cells: slow, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    const { code, err } = await place.call('run', 'n.ipynb', 'n.ipynb', '--no-report', '-q');
    expect(code).toBe(2);
    expect(err).toContain('n.ipynb was changed while it ran, and is left as it is.');
    expect(sources('n.ipynb')).toEqual(slow.map(({ source }) => source));
  });

  test('a link to what is not there yet is kept, and its file is made', async () => {
    mkdirSync(at('deep', 'er'), { recursive: true });
    symlinkSync(at('deep', 'er'), at('door'));
    symlinkSync('../later.ipynb', at('door', 'first.ipynb'));
    symlinkSync('door/first.ipynb', at('second.ipynb'));
    expect((await place.call('run', 'n.ipynb', 'second.ipynb', '--no-report', '-q')).code).toBe(0);
    expect([at('second.ipynb'), at('door', 'first.ipynb')].map((file) => lstatSync(file).isSymbolicLink())).toEqual([
      true,
      true,
    ]);
    expect(read('deep', 'later.ipynb')).toContain('nyc 2');
  });

  test('says the language as nbclient does, unless the notebook says it already', async () => {
    const script = path.join(root, 'runtime', 'python', 'plain_run.py');
    execFileSync(python, [script, at('n.ipynb'), at('plain.ipynb'), place.folder]);
    const languageIn = (name: string): unknown =>
      (JSON.parse(read(name)) as { metadata: { language_info?: unknown } }).metadata.language_info;
    for (const flag of ['--force', '--quiet']) {
      expect((await place.call('run', 'n.ipynb', 'out.ipynb', '--no-report', '-q', flag)).code).toBe(0);
      expect(languageIn('out.ipynb')).toEqual(languageIn('plain.ipynb'));
    }
    const said = { name: 'python', version: '3.0.0' };
    place.write(
      'said.ipynb',
      writeNotebook({ cells, metadata: { language_info: said }, nbformat: 4, nbformat_minor: 5 }),
    );
    expect((await place.call('run', 'said.ipynb', 'out.ipynb', '--no-report', '-q')).code).toBe(0);
    expect(languageIn('out.ipynb')).toEqual(said);
  });

  test('a name may be as long as the system allows', async () => {
    const name = `${'x'.repeat(249)}.ipynb`;
    const { code, err } = await place.call('run', 'n.ipynb', name, '--no-report', '-q');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(read(name)).toContain('nyc 2');
    expect((await place.call('compile', 'n.ipynb', '-o', 'y'.repeat(255))).code).toBe(0);
  });

  test('what a link leads to is replaced, not the link', async () => {
    place.write('kept/real.ipynb', '');
    symlinkSync(at('kept', 'real.ipynb'), at('link.ipynb'));
    expect((await place.call('run', 'n.ipynb', 'link.ipynb', '--no-report', '-q')).code).toBe(0);
    expect(lstatSync(at('link.ipynb')).isSymbolicLink()).toBe(true);
    expect(read('kept', 'real.ipynb')).toContain('nyc 2');
  });

  test('an earlier OUT stays when the run cannot begin', async () => {
    place.write('earlier.ipynb', 'precious');
    expect((await place.call('run', 'n.ipynb', 'earlier.ipynb', '-k', 'no-such-kernel')).code).toBe(2);
    expect((await place.call('run', 'n.ipynb', 'earlier.ipynb', '-p', 'cty', 'x')).code).toBe(2);
    expect((await place.call('run', 'absent.ipynb', 'earlier.ipynb')).code).toBe(2);
    expect(read('earlier.ipynb')).toBe('precious');
  });
});

describe('a bundle', () => {
  test('runs where it was moved to, without its notebook', async () => {
    place.write('away.ipynb', notebook);
    expect((await place.call('compile', 'away.ipynb', '-q')).code).toBe(0);
    rmSync(at('away.ipynb'));
    mkdirSync(at('elsewhere'));
    renameSync(at('away.cellwright'), at('elsewhere', 'moved.cellwright'));
    expect((await place.call('run', 'elsewhere/moved.cellwright', 'm.ipynb', '-p', 'city', 'x', '-q')).code).toBe(0);
    expect(read('m.ipynb')).toContain('x 2');
  });

  test('keeps the notebook that it was compiled from', async () => {
    await place.call('compile', 'n.ipynb', '-o', 'b', '-q');
    const { code, err } = await place.call('run', 'b', 'b/notebook.ipynb');
    expect(code).toBe(2);
    expect(err).toContain('is the notebook that the bundle was compiled from');
  });

  test('takes no other folder for its own', async () => {
    place.write('mine/notebook.ipynb', 'mine');
    place.write('mine/n.out.ipynb', 'mine');
    place.write('mine/tasks/a.py', 'mine');
    expect((await place.call('compile', 'n.ipynb', '-o', 'mine')).code).toBe(2);
    place.write('mine/bundle.json', '{"name": "of another tool"}');
    place.write('mine/data.csv', 'mine');
    expect((await place.call('compile', 'n.ipynb', '-o', 'mine')).code).toBe(2);
    expect(readdirSync(at('mine')).sort()).toEqual([
      'bundle.json',
      'data.csv',
      'n.out.ipynb',
      'notebook.ipynb',
      'tasks',
    ]);
  });

  test('that is damaged is replaced', async () => {
    await place.call('compile', 'n.ipynb', '-o', 'broken', '-q');
    writeFileSync(at('broken', 'bundle.json'), '{');
    expect((await place.call('run', 'broken')).err).toContain('CW301');
    expect((await place.call('compile', 'n.ipynb', '-o', 'broken', '-q')).code).toBe(0);
    expect((await place.call('run', 'broken', 'x.ipynb', '-q')).code).toBe(0);
  });
});

test('graph does not write over the notebook', async () => {
  expect((await place.call('graph', 'n.ipynb', '-o', 'n.ipynb', '--format', 'svg')).code).toBe(2);
  expect(read('n.ipynb')).toBe(notebook);
});

test('--format json is the document of --json', async () => {
  const { out } = await place.call('graph', 'n.ipynb', '--format', 'json');
  expect(out).toBe((await place.call('graph', 'n.ipynb', '--json')).out);
  await place.call('graph', 'n.ipynb', '-o', 'g.json');
  expect(JSON.parse(read('g.json'))).toEqual({ ...(JSON.parse(out) as object), written: at('g.json') });
});

test('quiet says nothing when all is well, and errors alone when it is not', async () => {
  for (const command of ['compile', 'graph', 'explain', 'status', 'run', 'verify']) {
    expect({ command, ...(await place.call(command, 'n.ipynb', '-q')) }).toEqual({
      command,
      code: 0,
      out: '',
      err: '',
    });
  }
  place.write('bad.py', '# %%\na = 1\n# %%\n%nosuch\na / 0\n');
  const { code, out, err } = await place.call('run', 'bad.py', '-q');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toMatch(/^The cell raised in 02_cell, In \[2\]:\n/);
  expect(err).not.toContain('CW210');
});

test('a run with parameters leaves the cache useful for a run without', async () => {
  place.write('again.ipynb', notebook);
  await place.call('run', 'again.ipynb', '-p', 'city', 'x', '-q');
  const { out } = await place.call('run', 'again.ipynb', '--json');
  expect(JSON.parse(out)).toMatchObject({ oneProcess: false, ran: 2 });
  expect(JSON.parse((await place.call('run', 'again.ipynb', '--json')).out)).toMatchObject({ reused: 2 });
});

describe('gates', () => {
  const gate = (lines: string): string => `# %%\na = 1\n# %%\n${lines}\n# %%\nprint("after")\n`;
  test.each([
    ['#| gate\nassert a > 2, "too small"', 4],
    ['#| gate: true\nassert a > 2', 4],
    ['#| gate: false\nassert a > 2', 1],
    ['#| gate\nassert b > 2', 1],
    ['#| gate\nassert a == 1', 0],
    ['assert a > 2', 1],
  ])('%j ends with %i', async (lines, expected) => {
    place.write('gate.py', gate(lines));
    const { code, err } = await place.call('run', 'gate.py', '--no-report', '-q');
    expect(code).toBe(expected);
    expect(err.includes('The gate does not hold')).toBe(expected === 4);
  });

  test('a tag makes one too', async () => {
    place.write('gate.py', gate('').replace('# %%\n\n', '# %% tags=["gate"]\nassert a > 2\n'));
    expect((await place.call('run', 'gate.py', '-q')).code).toBe(4);
  });
});

test('state goes to the home folder when XDG_CACHE_HOME is empty', async () => {
  // An empty one would make it relative, and put it beside the notebook.
  const { defaultState } = await import('../../runtime/index.ts');
  for (const named of ['', 'relative', undefined]) {
    expect(path.isAbsolute(defaultState(at('n.ipynb'), { XDG_CACHE_HOME: named }))).toBe(true);
  }
  expect(existsSync(at('cellwright'))).toBe(false);
});
