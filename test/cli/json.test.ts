import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write(
    'good.py',
    '# %% tags=["parameters"]\nn = 2\n# %%\nimport random\nxs = list(range(n))\n# %%\nxs.append(3)\nxs\n',
  );
  place.write('raises.py', '# %% tags=["parameters"]\nn = 2\n# %%\nxs = 1\n# %%\nxs.append(3)\n');
  place.write('less.py', '# %% tags=["parameters"]\nn = 2\n# %%\nxs = 1\n');
  place.write('bad.py', '# %%\nx = 1\n# %%\nx / 0\n');
  place.write('cut.ipynb', '{');
  place.write('gate.py', '# %%\na = 1\n# %%\n#| gate\nassert a > 1\n');
  place.write('bad-gate.py', '# %%\na = 1\n#| gate: a >\n# %%\n#| gate: a >\nb = 1\n');
  place.write(
    'measured.py',
    '# %%\nimport pandas as pd\ndf = pd.DataFrame({"g": ["a", "b", "b"], "x": [1.0, 2.0, 4.0]})\n# %%\n#| metric: mean (lower), none\n#| slices: g\n#| gate: mean < previous.mean + 1\n#| gate: len(df) == 3\nmean, none = df["x"].mean(), float("nan")\n',
  );
  place.write('held.py', '# %%\ng = iter(range(3))\ng2 = (i for i in g)\n# %%\nnext(g2)\n');
  place.write('many.py', '# %%\nimport os\ndf = os\nn = [1]\n# %%\nn.stray()\n# %%\nn\n# %%\n%nosuch\n');
  const julia = { kernelspec: { name: 'julia', language: 'julia', display_name: 'Julia' } };
  place.write('julia.ipynb', JSON.stringify({ cells: [], metadata: julia, nbformat: 4, nbformat_minor: 5 }));
});
afterAll(() => {
  place.remove();
});

/** Calls each command line, which ends with the code, and holds what it prints against the schema of its command. */
async function callAll(commands: readonly (readonly [number, readonly string[]])[]): Promise<[string, string][]> {
  const documents: [string, string][] = [];
  for (const [code, words] of commands) {
    const called = await place.call(...words, '--json');
    expect({ words, code: called.code, err: called.err }).toEqual({ words, code, err: '' });
    documents.push([words[0] ?? '', called.out]);
  }
  return documents;
}

test('every document is one JSON value and follows its schema', async () => {
  const commands: readonly (readonly [number, readonly string[]])[] = [
    [0, ['compile', 'good.py']],
    [2, ['compile', 'cut.ipynb']],
    [0, ['run', 'good.py']],
    [0, ['run', 'good.py', '-p', 'n', '4', '--no-report']],
    [1, ['run', 'bad.py']],
    [2, ['run', 'good.py', '-p', 'm', '4']],
    [2, ['run', 'good.py', '-k', 'no-such-kernel']],
    [2, ['run', 'good.py', '-o', 'good.py/x.ipynb']],
    [4, ['run', 'gate.py']],
    [0, ['run', 'measured.py']],
    [0, ['metrics', 'measured.py', '--csv', 'm.csv', '--html', 'm.html']],
    [4, ['metrics', 'measured.py', '--check', '--baseline', 'mean=1']],
    [0, ['metrics', 'measured.py', '--check']],
    [0, ['metrics', 'good.py']],
    [2, ['metrics', 'good.py', '--check']],
    [3, ['metrics', 'bad-gate.py']],
    [0, ['run', 'held.py']],
    [0, ['status', 'held.py']],
    [0, ['explain', 'held.py']],
    [0, ['compile', 'many.py']],
    [3, ['compile', 'julia.ipynb']],
    [3, ['run', 'julia.ipynb']],
    [0, ['graph', 'good.py']],
    [0, ['graph', 'good.py', '--format', 'svg', '-o', 'good.svg']],
    [0, ['explain', 'good.py']],
    [0, ['explain', 'good.py', '2']],
    [0, ['status', 'good.py']],
    [0, ['profile', 'good.py']],
    [0, ['compile', 'good.py']],
    [0, ['graph', 'good.py']],
    [0, ['explain', 'good.py']],
    [2, ['profile', 'less.py']],
    [0, ['verify', 'good.py']],
    [2, ['verify', 'absent.py']],
    [0, ['debug', 'good.py', '--task', '3', '-o', 'good.debug.ipynb']],
    [2, ['debug', 'good.py']],
    [0, ['export', 'good.py', '--modules', 'good']],
    [3, ['export', 'many.py', '--modules', 'many']],
    [2, ['export', 'good.py']],
    [0, ['export', '--hook', '.']],
    [0, ['emit', '--list']],
    [0, ['emit', 'good.py', '--target', 'shell', '-o', 'emitted']],
    [2, ['emit', 'good.py', '--target', 'shel', '-o', 'emitted']],
    [2, ['test', 'good.py']],
    [0, ['test', 'good.py', '--capture', '3']],
    [0, ['test', 'good.py']],
    [0, ['clean', 'good.py']],
    [0, ['clean', '--all']],
    [2, ['clean', 'absent.py']],
    [2, ['clean']],
    [2, ['status', 'good.py', '--bogus']],
  ];
  const documents = await callAll(commands);
  documents.push(['effects', readFileSync(path.join(place.folder, 'good.effects.json'), 'utf8')]);
  expect(mistakesIn(documents)).toBe('');
});

test('so are many runs at once', async () => {
  place.write('gates.py', '# %% tags=["parameters"]\nn = 1\n# %%\n#| gate\nassert n > 1\n');
  const documents = await callAll([
    [0, ['run', 'good.py', '--matrix', 'n=2,3']],
    [4, ['run', 'gates.py', '--matrix', 'n=1,2']],
    [2, ['backtest', 'good.py', '-p', 'n', '2']],
    [1, ['backtest', 'raises.py', '-p', 'n', '1..2']],
  ]);
  expect(mistakesIn(documents.map(([, text]) => ['variants', text] as const))).toBe('');
});

test('so is a certificate, and what is said when it is made and checked', async () => {
  const documents = await callAll([
    [0, ['verify', 'good.py', '-p', 'n', '3', '--certificate', 'good.json']],
    [0, ['verify', '--check', 'good.json']],
    [5, ['verify', '--check', 'good.json', 'less.py']],
    [1, ['verify', '--check', 'good.json', 'raises.py']],
    [2, ['verify', '--check', 'good.py']],
  ]);
  documents.push(['certificate', readFileSync(path.join(place.folder, 'good.json'), 'utf8')]);
  expect(mistakesIn(documents)).toBe('');
});

test('a fault of our own is told as one document too, with an exit code of its own', async () => {
  const broken = makeWorkplace();
  Object.defineProperty(broken, 'input', {
    get: () => {
      throw new TypeError('a fault');
    },
  });
  const { code, out, err } = await broken.call('compile', '-', '--json');
  expect({ code, err }).toEqual({ code: 70, err: '' });
  expect(JSON.parse(out)).toMatchObject({ status: 'crashed', exitCode: 70, diagnostics: [{ code: 'CW999' }] });
  expect((await broken.call('compile', '-')).err).toMatch(/^error CW999: [^]*TypeError: a fault\n {4}at /);
  broken.remove();
});

test('an unknown command gives the fields that every document has', async () => {
  const { code, out } = await place.call('rum', 'good.py', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(out)).toMatchObject({
    command: 'rum',
    status: 'usage',
    exitCode: 2,
    diagnostics: [{ code: 'CW900' }],
  });
});
