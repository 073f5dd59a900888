import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { version } from '../../extensions/cli/version.ts';
import { root } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
});
afterAll(() => {
  place.remove();
});

const report = `# %% tags=["parameters"]
city = "nyc"
trees = 3
# %%
rows = [len(city)] * trees
# %%
print(city, rows)
`;

interface Executed {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: readonly string[];
    readonly metadata: { readonly tags?: readonly string[] };
    readonly outputs?: readonly { readonly text?: readonly string[] }[];
  }[];
}

function executed(name: string): Executed {
  return JSON.parse(readFileSync(path.join(place.folder, name), 'utf8')) as Executed;
}

function printed(name: string): string {
  const outputs = executed(name).cells.flatMap((cell) => cell.outputs ?? []);
  return outputs.flatMap((output) => output.text ?? []).join('');
}

describe('usage', () => {
  beforeEach(() => {
    place.write('report.py', report);
  });

  test('the version is the package’s', async () => {
    const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
    expect(version).toBe(manifest.version);
    expect(await place.call('--version')).toEqual({ code: 0, out: `cellwright ${version}\n`, err: '' });
  });

  test('help names every command and the exit codes', async () => {
    const { code, out } = await place.call('--help');
    expect(code).toBe(0);
    for (const word of ['compile', 'run', 'graph', 'explain', 'status', 'verify', 'clean', 'Exit codes'])
      expect(out).toContain(word);
    expect((await place.call('run', '--help')).out).toContain('-p, --parameters NAME VALUE');
  });

  test.each([
    [['rum', 'report.py'], 'Did you mean run?'],
    [['run', 'report.py', '--jbos', '2'], 'Did you mean --jobs?'],
    [['run', 'report.py', '-j', 'many'], '-j takes a number'],
    [['run', 'report.py', '-p', 'city'], '-p takes NAME VALUE.'],
    [['run', 'report.py', '-p', 'citty', 'sf'], 'There is no parameter citty (did you mean city?).'],
    [['run', 'report.py', '-f', 'absent.yaml'], 'absent.yaml cannot be read: there is no such file.'],
    [['run', 'report.py', '-y', 'city: ['], 'is not YAML'],
    [['run', 'report.py', '-y', '- 1'], 'is no mapping'],
    [['run', 'report.py', '--until', 'rowz'], 'There is no code cell rowz.'],
    [['run', 'report.py', '--cwd', 'absent'], 'is no folder'],
    [['run', 'absent.ipynb'], 'absent.ipynb cannot be read: there is no such file.'],
    [['graph', 'report.py', '--format', 'mermiad'], 'Did you mean mermaid?'],
    [['compile'], 'No notebook was named.'],
    [['compile', 'report.py', 'more'], 'compile does not take more.'],
  ])('%j is a usage error, and nothing is written', async (words, message) => {
    const before = readdirSync(place.folder);
    const { code, out, err } = await place.call(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(readdirSync(place.folder)).toEqual(before);
  });

  test('what is no notebook is unreadable', async () => {
    place.write('cut.ipynb', '{"cells": [');
    const { code, err } = await place.call('compile', 'cut.ipynb');
    expect(code).toBe(2);
    expect(err).toContain('CW102');
    expect(existsSync(path.join(place.folder, 'cut.cellwright'))).toBe(false);
  });

  test('a folder of other things is not taken for a bundle', async () => {
    place.write('precious/data.csv', 'a,b\n');
    expect((await place.call('compile', 'report.py', '-o', 'precious')).code).toBe(2);
    expect(readdirSync(path.join(place.folder, 'precious'))).toEqual(['data.csv']);
  });
});

describe('compile and run', () => {
  beforeEach(() => {
    place.write('report.py', report);
  });

  test('compiling twice gives the same files', async () => {
    expect((await place.call('compile', 'report.py')).code).toBe(0);
    const bundle = path.join(place.folder, 'report.cellwright', 'bundle.json');
    const first = readFileSync(bundle);
    expect((await place.call('compile', 'report.py', '-o', 'again')).code).toBe(0);
    expect(readFileSync(path.join(place.folder, 'again', 'bundle.json'))).toEqual(first);
  });

  test('run says what ran, then reuses it', async () => {
    const first = await place.call('run', 'report.py');
    expect(first.err).toContain('ran');
    expect(first.out).toMatch(
      /^3 ran, 0 reused in .*\nnotebook {2}report\.cellwright\/report\.out\.ipynb\nreport {4}report\.cellwright\/report\.report\.html\n$/,
    );
    expect(first.code).toBe(0);
    expect(printed('report.cellwright/report.out.ipynb')).toBe('nyc [3, 3, 3]\n');
    expect((await place.call('run', 'report.py')).out).toMatch(/^0 ran, 3 reused/);
    expect((await place.call('status', 'report.py')).out).toContain('3 would be reused, 0 would run');
  });

  test('parameters are typed and written where papermill writes them', async () => {
    place.write('more.yaml', 'trees: 5\ncity: "from file"\n');
    const { code } = await place.call(
      'run',
      'report.py',
      'out/a.ipynb',
      '-f',
      'more.yaml',
      '-p',
      'city',
      'l"a\n',
      '-q',
    );
    expect(code).toBe(0);
    expect(printed('out/a.ipynb')).toBe('l"a\n [4, 4, 4, 4, 4]\n');
    const [, injected] = executed('out/a.ipynb').cells;
    expect(injected?.metadata.tags).toEqual(['injected-parameters']);
    expect(injected?.source.join('')).toBe('# Parameters\ntrees = 5\ncity = "l\\"a\\n"\n');
  });

  test('a bundle runs as its notebook does', async () => {
    await place.call('compile', 'report.py', '-o', 'bundle');
    const { code } = await place.call('run', 'bundle', '-o', 'b.ipynb', '--no-report', '-q');
    expect(code).toBe(0);
    expect(printed('b.ipynb')).toBe('nyc [3, 3, 3]\n');
    expect(existsSync(path.join(place.folder, 'b.report.html'))).toBe(false);
  });

  test('the notebook can go to standard output', async () => {
    const { code, out } = await place.call('run', 'report.py', '-o', '-', '-q');
    expect(code).toBe(0);
    expect((JSON.parse(out) as Executed).cells).toHaveLength(3);
  });

  test('--only prints what the cell prints', async () => {
    const { out } = await place.call('run', 'report.py', '--only', '3', '-q');
    expect(out).toBe('');
    expect((await place.call('run', 'report.py', '--only', '3')).out).toContain('nyc [3, 3, 3]\n');
    expect((await place.call('run', 'report.py', '--until', '[2]')).out).toContain('1 not run');
  });

  test('a cell that raises ends with 1, and what ran before is written', async () => {
    place.write('bad.py', '# %%\nprint("before")\n# %%\n1 / 0\n# %%\nprint("after")\n');
    const { code, out, err } = await place.call('run', 'bad.py');
    expect(code).toBe(1);
    expect(err).toContain('ZeroDivisionError');
    expect(out).toContain('1 ran, 0 reused, 1 failed, 1 not run');
    expect(printed('bad.cellwright/bad.out.ipynb')).toBe('before\n');
  });
});
