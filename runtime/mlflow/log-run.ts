import { basename, join } from 'node:path';
import type { Measure, Slice } from '../process/protocol.ts';
import type { MetricRun } from '../measures/metric-runs.ts';
import { describeVerdict } from '../measures/verdict.ts';
import { runFolder } from '../history/read-runs.ts';
import { fieldOf, ServerProblem, type TrackingServer } from './server.ts';

/** Where a run is on the server. */
export interface TrackedRun {
  readonly run: string;
  readonly experiment: string;
  /** Its page in the server's own interface. */
  readonly url: string;
  /** True when it was there before. */
  readonly wasThere: boolean;
}

/** What the server takes in one request. */
const mostMetrics = 1000;
const mostOthers = 100;
/** Older servers take no longer values. */
const longestValue = 500;

/**
 * Logs a run: parameters, metrics and those of groups, gates and origin as tags, data by reference. One that is there is left as it is.
 * @param state where the executed notebook of the run is
 * @throws {ServerProblem}
 */
export async function logRun(
  server: TrackingServer,
  run: MetricRun,
  { experiment, state }: { readonly experiment: string; readonly state: string },
): Promise<TrackedRun> {
  const id = await findExperiment(server, experiment);
  const known = await findRun(server, id, run.id);
  const place = (name: string): TrackedRun => ({
    run: name,
    experiment,
    url: `${server.address}/#/experiments/${id}/runs/${name}`,
    wasThere: known !== undefined,
  });
  if (known !== undefined) return place(known);
  const start = Date.parse(run.from);
  const end = Date.parse(run.record.until);
  const created = await server.post('runs/create', {
    experiment_id: id,
    run_name: run.line === '' ? run.id : `${run.id} ${run.line}`,
    start_time: start,
    tags: tagsOf(run, state),
  });
  const name = fieldOf(inner(created, 'run', 'info'), 'run_id');
  if (name === undefined) throw new ServerProblem(`${server.address} gave the run no name`);
  for (const batch of batchesOf(run, end)) await server.post('runs/log-batch', { run_id: name, ...batch });
  const datasets = datasetsOf(run);
  if (datasets.length > 0) await server.post('runs/log-inputs', { run_id: name, datasets });
  const status = run.verdict === 'accepted' ? 'FINISHED' : run.verdict === 'unfinished' ? 'KILLED' : 'FAILED';
  await server.post('runs/update', { run_id: name, status, end_time: end });
  return place(name);
}

async function findExperiment(server: TrackingServer, name: string): Promise<string> {
  const found = await server.get('experiments/get-by-name', { experiment_name: name });
  const experiment = inner(found, 'experiment');
  const id = fieldOf(experiment, 'experiment_id');
  if (id !== undefined) {
    if (fieldOf(experiment, 'lifecycle_stage') === 'deleted')
      throw new ServerProblem(`the experiment ${name} of ${server.address} is deleted`);
    return id;
  }
  const created = fieldOf(await server.post('experiments/create', { name }), 'experiment_id');
  if (created === undefined) throw new ServerProblem(`${server.address} gave the experiment ${name} no name`);
  return created;
}

async function findRun(server: TrackingServer, experiment: string, id: string): Promise<string | undefined> {
  const filter = `tags.\`cellwright.run\` = '${id}'`;
  const found = await server.post('runs/search', { experiment_ids: [experiment], filter, max_results: 1 });
  const runs = inner(found, 'runs');
  return Array.isArray(runs) ? fieldOf(inner(runs[0], 'info'), 'run_id') : undefined;
}

function inner(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined;
  return at;
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

function tagsOf({ id, verdict, matrix, gates, record }: MetricRun, state: string): readonly Pair[] {
  const { started, sourceControl } = record;
  const pairs: (readonly [string, string | undefined])[] = [
    ['mlflow.user', started?.runner.user],
    ['mlflow.source.name', started?.origin.notebook],
    ['mlflow.source.type', 'NOTEBOOK'],
    ['mlflow.source.git.commit', sourceControl?.commit],
    ['mlflow.source.git.branch', sourceControl?.branch],
    ['cellwright.run', id],
    ['cellwright.verdict', verdict],
    ['cellwright.matrix', matrix],
    ['cellwright.program', started?.origin.program],
    ['cellwright.bundle', started?.bundle],
    ['cellwright.notebook', started?.notebook],
    ['cellwright.host', started?.runner.host],
    ['cellwright.executed', join(runFolder(state, id), 'notebook.ipynb')],
    ...gates
      .slice(0, 50)
      .map((gate, place): readonly [string, string] => [
        `cellwright.gate.${place + 1}`,
        `${gate.name}: ${describeVerdict(gate)}`,
      ]),
  ];
  return pairs.flatMap(([key, value]) => (value === undefined || value === '' ? [] : [{ key, value: cut(value) }]));
}

interface Batch {
  readonly metrics: readonly {
    readonly key: string;
    readonly value: Measure;
    readonly timestamp: number;
    readonly step: number;
  }[];
  readonly params: readonly Pair[];
}

function batchesOf({ metrics, slices, parameters }: MetricRun, timestamp: number): readonly Batch[] {
  const measured: (readonly [string, Measure])[] = [
    ...[...metrics.values()].map(({ metric, value }): readonly [string, Measure] => [metric, value]),
    ...slices.flatMap(groupsOf),
  ];
  const all = [...new Map(measured.map(([key, value]) => [plainKey(key), value]))];
  const params = Object.entries(parameters).map(([key, value]) => ({ key: plainKey(key), value: cut(value) }));
  const batches: Batch[] = [];
  for (let place = 0; place < Math.max(all.length, 1); place += mostMetrics) {
    const part = all.slice(place, place + mostMetrics);
    batches.push({
      metrics: part.map(([key, value]) => ({ key, value, timestamp, step: 0 })),
      params: [],
    });
  }
  for (let place = 0; place < params.length; place += mostOthers)
    batches.push({ metrics: [], params: params.slice(place, place + mostOthers) });
  return batches.filter((batch) => batch.metrics.length + batch.params.length > 0);
}

/** With slashes, by which the server's interface groups them. */
function groupsOf({ metric, column, groups }: Slice): (readonly [string, Measure])[] {
  return groups.flatMap(({ group, value }) =>
    value === null ? [] : [[`${metric}/${column}/${group}`, value] as const],
  );
}

/** Every file that was read, with its digest and where it is; nothing is copied. */
function datasetsOf({ record }: MetricRun): readonly object[] {
  const files = new Map(
    [...record.tasks.values()].flatMap(({ observed }) => observed?.filesRead ?? []).map((file) => [file.path, file]),
  );
  return [...files.values()].slice(0, mostOthers).map(({ path, digest, size }) => ({
    tags: [{ key: 'mlflow.data.context', value: 'input' }],
    dataset: {
      name: basename(path),
      digest: digest.replace('sha256:', '').slice(0, 32),
      source_type: 'local',
      source: JSON.stringify({ uri: path }),
      profile: JSON.stringify({ digest, ...(size === undefined ? {} : { size }) }),
    },
  }));
}

/** Names may have letters, digits and a few signs. */
function plainKey(text: string): string {
  return text.replaceAll(/[^\w\-. /]/gu, '_').slice(0, 250);
}

function cut(text: string): string {
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}
