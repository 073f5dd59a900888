import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** Back from files and variables to where they come from, over notebooks and runs. */
let place: Workplace;
let maker = '';

interface Node {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly run: string | null;
}

interface Told {
  readonly root: string;
  readonly nodes: readonly Node[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly runs: readonly { readonly run: string; readonly notebook: string }[];
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

test('where all cells ran in one process, they are one', async () => {
  await place.call('run', 'make.py', '-q', '--keep-warm', '0', '--one-process');
  expect(above(await lineage('mid.txt', '--run', 'make.py'))).toEqual([
    'file mid.txt',
    'cell all cells, in one process',
    'file in.csv',
  ]);
}, 30_000);
