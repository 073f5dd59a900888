import { userInfo } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** From files, variables and metrics back to where they come from, and forth to what they reach, over notebooks and runs. */
let place: Workplace;
let maker = '';

interface Node {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly what: string;
  readonly run: string | null;
}

interface Told {
  readonly root: string;
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly runs: readonly { readonly run: string; readonly user: string; readonly notebook: string }[];
}

async function lineage(...words: string[]): Promise<Told> {
  const { code, out, err } = await place.call('lineage', ...words, '--json');
  expect({ words, code, err }).toEqual({ words, code: 0, err: '' });
  expect(mistakesIn([['lineage', out]])).toBe('');
  return JSON.parse(out) as Told;
}

/** `kind name` of everything that a node comes from, the nearest first. */
function above({ nodes, edges, root }: Told): readonly string[] {
  const found = new Set([root]);
  for (const id of found) for (const { from, to } of edges) if (to === id) found.add(from);
  return describe(nodes, found);
}

/** The same of everything that came of a node. */
function below({ nodes, edges, root }: Told): readonly string[] {
  const found = new Set([root]);
  for (const id of found) for (const { from, to } of edges) if (from === id) found.add(to);
  return describe(nodes, found);
}

function describe(nodes: readonly Node[], found: ReadonlySet<string>): readonly string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return [...found].map((id) => `${byId.get(id)?.kind ?? ''} ${path.basename(byId.get(id)?.name ?? '')}`);
}

beforeAll(async () => {
  place = makeWorkplace();
  place.write('in.csv', '1\n2\n');
  place.write(
    'make.py',
    `# %%
def double(x):
    return x * 2
# %%
rows = [int(line) for line in open('in.csv')]
# %%
rows.append(double(3))
# %%
with open('mid.txt', 'w') as out:
    out.write(str(sum(rows)))
`,
  );
  place.write(
    'use.py',
    `# %% tags=["parameters"]
k = 1
# %%
m = int(open('mid.txt').read())
# %%
unrelated = 1
# %%
auc = m * k
# %%
#| metric: scores.best
scores = {"best": auc + 1}
# %%
#| metric: m
print(scores)
# %%
m = -1
`,
  );
  await place.call('run', 'make.py', '-q', '--keep-warm', '0');
  maker = (JSON.parse((await place.call('runs', '--json')).out) as { runs: { run: string }[] }).runs[0]?.run ?? '';
  await place.call('run', 'make.py', '-q', '--keep-warm', '0');
  await place.call('run', 'use.py', '-q', '--keep-warm', '0', '-p', 'k', '3');
}, 120_000);
afterAll(() => {
  place.remove();
});

test('a value goes back over parameters, files and the notebook that wrote them, to the run that really made each', async () => {
  const told = await lineage('auc');
  expect(above(told).slice(0, 8)).toEqual([
    'variable auc',
    'cell 05_auc',
    expect.stringMatching(/^variable [mk]$/) as string,
    expect.stringMatching(/^variable [mk]$/) as string,
    expect.stringMatching(/^cell 0[23]_[mk]$/) as string,
    expect.stringMatching(/^cell 0[23]_[mk]$/) as string,
    expect.stringMatching(/^(?:parameter k|file mid\.txt)$/) as string,
    expect.stringMatching(/^(?:parameter k|file mid\.txt)$/) as string,
  ]);
  expect(above(told)).toEqual(
    expect.arrayContaining(['file in.csv', 'variable rows', 'cell 01_double', 'cell 03_cell']),
  );
  expect(above(told).join('\n')).not.toContain('unrelated');
  // The second run of make.py only used the first one's results again.
  expect(told.nodes.find(({ name }) => name === '03_cell')?.run).toBe(maker);
  expect(told.runs.map(({ notebook }) => path.basename(notebook)).sort()).toEqual(['make.py', 'use.py']);
});

test('a file is traced by its path, and shown as a tree or for graph programs', async () => {
  expect(above(await lineage('mid.txt', 'make.py')).slice(0, 2)).toEqual(['file mid.txt', 'cell 04_out']);
  const { out } = await place.call('lineage', 'mid.txt');
  expect(out).toMatch(/^file mid\.txt {2}sha256:[0-9a-f]{12}\n└─ \[4\] 04_out, run \d{8}T/);
  expect((await place.call('lineage', 'auc', '--format', 'mermaid')).out).toMatch(
    /^flowchart LR\n {2}n0\["variable auc"\]\n/,
  );
  expect((await place.call('lineage', 'auc', '--format', 'dot')).out).toMatch(/^digraph lineage \{\n/);
  expect((await place.call('lineage', 'auc', '--format', 'svg')).code).toBe(2);
  expect((await place.call('lineage', 'nosuch')).err).toContain('No recorded run wrote or read nosuch.');
});

test('a metric is what was recorded: it goes back to its variable as it was then, and on to data, parameters and people', async () => {
  const told = await lineage('scores.best');
  expect(told.nodes.find(({ id }) => id === told.root)).toMatchObject({
    kind: 'metric',
    name: 'scores.best',
    what: '28',
  });
  expect(above(told).slice(0, 4)).toEqual(['metric scores.best', 'variable scores', 'cell 06_scores', 'variable auc']);
  expect(above(told)).toEqual(expect.arrayContaining(['parameter k', 'file mid.txt', 'file in.csv', 'cell 03_cell']));
  expect(told.runs.map(({ user }) => user)).toEqual(told.runs.map(() => userInfo().username));
  // A cell that records what an earlier one made; the variable has another value at the end.
  const early = await lineage('m');
  expect(above(early).slice(0, 3)).toEqual(['metric m', 'variable m', 'cell 03_m']);
  expect((await place.call('lineage', 'scores.best')).out).toMatch(/^metric scores\.best = 28\n└─ variable scores\n/);
});

test('a file and a variable reach cells, variables, metrics and files, over the notebooks that read them', async () => {
  const file = below(await lineage('in.csv'));
  expect(file.slice(0, 4)).toEqual(['file in.csv', 'cell 02_rows', 'variable rows', 'cell 03_cell']);
  expect(file).toEqual(
    expect.arrayContaining([
      'file mid.txt',
      ...['cell 03_m', 'variable m', 'metric m', 'cell 05_auc', 'variable auc', 'metric scores.best', 'cell 07_cell'],
    ]),
  );
  for (const apart of ['variable def:double', 'variable unrelated', 'variable k', 'cell 08_m'])
    expect(file).not.toContain(apart);
  expect(below(await lineage('k'))).toEqual([
    'variable k',
    ...['cell 05_auc', 'variable auc', 'cell 06_scores', 'variable scores', 'metric scores.best', 'cell 07_cell'],
  ]);
  const { out } = await place.call('lineage', 'in.csv');
  expect(out).toMatch(
    /^file in\.csv {2}sha256:[0-9a-f]{12}\n\nreaches\n└─ \[2\] 02_rows, run \d{8}T.*, make\.py\n {3}└─ variable rows\n/,
  );
  expect((await place.call('lineage', 'auc', '--back')).out).not.toContain('reaches');
  expect((await place.call('lineage', 'auc', '--forward')).out).toMatch(/^variable auc\n\nreaches\n└─ \[6\]/);
});

test('what read another content of the file is told beside it', async () => {
  place.write('in.csv', '1\n2\n3\n');
  place.write('other.py', '# %%\nfirst = open("in.csv").readline()\n');
  await place.call('run', 'other.py', '-q', '--keep-warm', '0');
  const { out } = await place.call('lineage', 'in.csv');
  expect(out).toMatch(
    /reaches\n└─ \[1\] 01_first.*\n {3}└─ variable first\n\nfile in\.csv {2}sha256:\w{12}, as another run has read it, reaches\n└─ \[2\] 02_rows/,
  );
  expect(out).toContain('metric scores.best = 28');
});

test('where all cells ran in one process, they are one', async () => {
  await place.call('run', 'make.py', '-q', '--keep-warm', '0', '--one-process');
  expect(above(await lineage('mid.txt', '--run', 'make.py'))).toEqual([
    'file mid.txt',
    'cell all cells, in one process',
    'file in.csv',
  ]);
}, 30_000);
