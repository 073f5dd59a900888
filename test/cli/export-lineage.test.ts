import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../environment.ts';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

/** The record of a run in the words of other programs. */
let place: Workplace;

/** An interpreter with openlineage-python, rocrate and roc-validator. */
const python = process.env['CELLWRIGHT_LINEAGE_PYTHON'];
if (python === undefined) {
  process.stderr.write(
    'skipped: set CELLWRIGHT_LINEAGE_PYTHON to a Python with openlineage-python, rocrate and roc-validator to hold exports against them\n',
  );
}

function mistakesOf(format: string, target: string): string {
  const script = path.join(root, 'test', 'cli', 'lineage_formats.py');
  const said = execFileSync(python ?? '', [script, format, target], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (said.trim() !== 'unreachable') return said;
  process.stderr.write('skipped: the terms of RO-Crate cannot be reached, so the validator cannot judge\n');
  return '';
}

interface LineageEvent {
  readonly eventType: string;
  readonly job: { readonly name: string };
  readonly run: { readonly runId: string; readonly facets: Readonly<Record<string, unknown>> };
  readonly inputs: readonly { readonly namespace: string; readonly name: string }[];
  readonly outputs: readonly { readonly namespace: string; readonly name: string }[];
}

beforeAll(async () => {
  place = makeWorkplace();
  place.write('in.csv', '1\n2\n');
  place.write(
    'n.py',
    `# %% tags=["parameters"]
k = 1
# %%
rows = [int(line) * k for line in open('in.csv')]
# %%
with open('out.txt', 'w') as out:
    out.write(str(sum(rows)))
`,
  );
  place.write('bad.py', '# %%\nx = 1\n# %%\nx / 0\n');
  await place.call('run', 'n.py', '-q', '--keep-warm', '0', '-p', 'k', '3');
  await place.call('run', 'bad.py', '-q', '--keep-warm', '0');
}, 60_000);
afterAll(() => {
  place.remove();
});

async function events(notebook: string): Promise<readonly LineageEvent[]> {
  const { code } = await place.call('export-lineage', notebook, '-o', `${notebook}.jsonl`);
  expect(code).toBe(0);
  const lines = readFileSync(path.join(place.folder, `${notebook}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as LineageEvent);
}

test('OpenLineage: the run and its cells, with files and variables between them', async () => {
  const all = await events('n.py');
  expect(all[0]).toMatchObject({ eventType: 'START', job: { name: 'n.py' } });
  expect(all.at(-1)).toMatchObject({
    eventType: 'COMPLETE',
    job: { name: 'n.py' },
    inputs: [{ namespace: 'file', name: path.join(place.folder, 'in.csv') }],
    outputs: [{ namespace: 'file', name: path.join(place.folder, 'out.txt') }],
  });
  const reader = all.find(({ eventType, job }) => eventType === 'COMPLETE' && job.name === 'n.py.03_rows');
  expect(reader?.inputs.map(({ name }) => path.basename(name))).toEqual(expect.arrayContaining(['in.csv', 'n.py.k']));
  expect(reader?.outputs.map(({ name }) => name)).toEqual(['n.py.rows']);
  expect(reader?.run.facets['parent']).toMatchObject({ run: { runId: all[0]?.run.runId } });
  expect(new Set(all.map(({ run }) => run.runId)).size).toBe(5);
  const failed = await events('bad.py');
  expect(failed.map(({ eventType }) => eventType).sort()).toEqual([
    'COMPLETE',
    'FAIL',
    'FAIL',
    'START',
    'START',
    'START',
  ]);
  const json = await place.call('export-lineage', 'n.py', '--json');
  expect(mistakesIn([['export-lineage', json.out]])).toBe('');
  expect((await place.call('export-lineage', 'n.py')).out).toBe(
    readFileSync(path.join(place.folder, 'n.py.jsonl'), 'utf8'),
  );
});

test('RO-Crate: the executed notebook, the log, and data by reference', async () => {
  const made = await place.call('export-lineage', 'n.py', '--format', 'ro-crate', '-o', 'crate', '--json');
  expect(mistakesIn([['export-lineage', made.out]])).toBe('');
  const folder = path.join(place.folder, 'crate');
  expect(readdirSync(folder).sort()).toEqual(['README.md', 'events.jsonl', 'n.ipynb', 'ro-crate-metadata.json']);
  const { '@graph': graph } = JSON.parse(readFileSync(path.join(folder, 'ro-crate-metadata.json'), 'utf8')) as {
    '@graph': readonly Record<string, unknown>[];
  };
  expect(graph.find((entity) => entity['@id'] === '#run')).toMatchObject({
    '@type': 'CreateAction',
    instrument: { '@id': 'n.ipynb' },
    object: [{ '@id': `file://${place.folder}/in.csv` }, { '@id': '#parameter-k-value' }],
    result: { '@id': `file://${place.folder}/out.txt` },
  });
  expect(graph.find((entity) => String(entity['@id']).endsWith('in.csv'))).toMatchObject({ contentSize: '4' });
  const again = await place.call('export-lineage', 'n.py', '--format', 'ro-crate', '-o', 'crate');
  expect(again.err).toContain('crate is not an empty folder.');
  expect((await place.call('export-lineage', 'n.py', '--format', 'prov')).code).toBe(2);
});

test.skipIf(python === undefined)(
  'the libraries of both formats accept them',
  async () => {
    for (const notebook of ['n.py', 'bad.py']) {
      await events(notebook);
      expect(mistakesOf('openlineage', path.join(place.folder, `${notebook}.jsonl`))).toBe('');
      await place.call('export-lineage', notebook, '--format', 'ro-crate', '-o', `${notebook}.crate`);
      expect(mistakesOf('ro-crate', path.join(place.folder, `${notebook}.crate`))).toBe('');
    }
  },
  120_000,
);
