import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WebRequest } from '../process/protocol.ts';
import { dataOf, ofEnvironment, requestsOf } from '../history/data.ts';
import type { RecordedFile } from '../history/observation.ts';
import type { RecordedRun, RecordedTask } from '../history/recorded-run.ts';

/** An event as the OpenLineage specification 2-0-2 describes it. */
export type LineageEvent = Readonly<Record<string, unknown>>;

type Facet = Readonly<Record<string, unknown>>;

interface Dataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Readonly<Record<string, Facet>>;
}

const specification = 'https://openlineage.io/spec';
const namespace = 'cellwright';

/** The events of a run and of each of its cells, in the order of time: START, and COMPLETE, FAIL or ABORT when it has ended. */
export function openLineageEvents(run: RecordedRun): readonly LineageEvent[] {
  return new OpenLineage(run).events();
}

class OpenLineage {
  readonly #run: RecordedRun;
  readonly #producer: string;
  readonly #notebook: string;

  constructor(run: RecordedRun) {
    this.#run = run;
    const [program = 'cellwright', version = ''] = (run.started?.origin.program ?? '').split(' ');
    this.#producer = `urn:${program}:${version === '' ? 'unknown' : version}`;
    this.#notebook = basename(run.started?.origin.notebook ?? 'notebook');
  }

  events(): readonly LineageEvent[] {
    const { tasks, status, from, until } = this.#run;
    const whole = { job: this.#job('NOTEBOOK'), run: this.#whole() };
    const ends = {
      ok: 'COMPLETE',
      failed: 'FAIL',
      refused: 'FAIL',
      interrupted: 'ABORT',
      unfinished: undefined,
    } as const;
    const end = ends[status];
    const cells = [...tasks.values()].flatMap((task) => this.#cell(task));
    const last = end === undefined ? [] : [this.#event(end, until, { ...whole, ...this.#everything() })];
    const sorted = cells.sort((left, right) => (String(left['eventTime']) < String(right['eventTime']) ? -1 : 1));
    return [this.#event('START', from, whole), ...sorted, ...last];
  }

  #event(eventType: string, eventTime: string, parts: Readonly<Record<string, unknown>>): LineageEvent {
    const schemaURL = `${specification}/2-0-2/OpenLineage.json#/$defs/RunEvent`;
    return { eventType, eventTime, inputs: [], outputs: [], ...parts, producer: this.#producer, schemaURL };
  }

  #facet(name: string, version: string, fields: Readonly<Record<string, unknown>>): Facet {
    const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const _schemaURL = `${specification}/facets/${version}/${name}.json#/$defs/${name}`;
    return { _producer: this.#producer, _schemaURL, ...told };
  }

  #whole(): Facet {
    const { language, started } = this.#run;
    const engine = this.#facet('ProcessingEngineRunFacet', '1-1-1', {
      name: 'cellwright',
      version: this.#producer.split(':').at(-1),
    });
    const known = {
      user: started?.runner.user,
      host: started?.runner.host,
      bundle: started?.bundle,
      environment: this.#run.environment?.digest,
      [language?.engine?.name ?? 'python']: language?.engine?.version ?? language?.version,
    };
    const parameters = (started?.origin.parameters ?? []).map(({ name, value }) => {
      return { key: name, name, value: JSON.stringify(value) };
    });
    const tags = Object.entries(known).flatMap(([key, value]) =>
      value === undefined ? [] : [{ key, value, source: 'CELLWRIGHT' }],
    );
    const facets = {
      processing_engine: engine,
      tags: this.#facet('TagsRunFacet', '1-0-0', { tags }),
      executionParameters: this.#facet('ExecutionParametersRunFacet', '1-0-0', { parameters }),
    };
    return { runId: uuidOf(this.#run.id), facets };
  }

  /** @param task undefined for the notebook itself */
  #job(jobType: 'NOTEBOOK' | 'CELL', task?: string): Facet {
    const { started, sourceControl } = this.#run;
    const kind = this.#facet('JobTypeJobFacet', '2-0-4', {
      processingType: 'BATCH',
      integration: 'CELLWRIGHT',
      jobType,
    });
    const notebook = started?.origin.notebook ?? '';
    const source =
      sourceControl === undefined || !notebook.startsWith('/')
        ? {}
        : {
            sourceCodeLocation: this.#facet('SourceCodeLocationJobFacet', '1-1-0', {
              type: 'git',
              url: pathToFileURL(notebook).href,
              version: sourceControl.commit,
              branch: sourceControl.branch,
            }),
          };
    return {
      namespace,
      name: task === undefined ? this.#notebook : `${this.#notebook}.${task}`,
      facets: { jobType: kind, ...source },
    };
  }

  #cell(task: RecordedTask): readonly LineageEvent[] {
    const { name, status, observed, endedAt, startedAt, from } = task;
    const start = startedAt ?? endedAt;
    if (status === 'not-run' || start === undefined) return [];
    const error = observed?.error;
    const facets = {
      parent: this.#facet('ParentRunFacet', '1-2-0', {
        run: { runId: uuidOf(this.#run.id) },
        job: { namespace, name: this.#notebook },
      }),
      ...(from === undefined
        ? {}
        : {
            tags: this.#facet('TagsRunFacet', '1-0-0', {
              tags: [{ key: 'reused from', value: from, source: 'CELLWRIGHT' }],
            }),
          }),
      ...(error === undefined
        ? {}
        : {
            errorMessage: this.#facet('ErrorMessageRunFacet', '1-0-1', {
              message: `${error.ename}: ${error.evalue}`,
              programmingLanguage: 'Python',
            }),
          }),
    };
    const parts = { job: this.#job('CELL', name), run: { runId: uuidOf(`${this.#run.id} ${task.id}`), facets } };
    const end = status === 'failed' ? 'FAIL' : status === 'stopped' ? 'ABORT' : 'COMPLETE';
    return [
      this.#event('START', start, parts),
      this.#event(end, endedAt ?? this.#run.until, { ...parts, ...this.#used(task) }),
    ];
  }

  /** What a cell read and wrote: files, addresses and variables. */
  #used({ observed }: RecordedTask): { readonly inputs: readonly Dataset[]; readonly outputs: readonly Dataset[] } {
    if (observed === undefined || this.#run.lane !== undefined) return { inputs: [], outputs: [] };
    const isOwn = ofEnvironment(this.#run);
    const variables = Object.entries(observed.reads).filter(
      ([name, content]) => isVariable(name) && content !== 'absent',
    );
    const bound = Object.entries(observed.writes).filter(([name]) => isVariable(name));
    return {
      inputs: [
        ...observed.filesRead.filter(({ path }) => !isOwn(path)).map((file) => this.#file(file, 'input')),
        ...unique(observed.requests.filter(isRead)).map((request) => this.#web(request)),
        ...variables.map(([name, content]) => this.#variable(name, content)),
      ],
      outputs: [
        ...observed.filesWritten.filter(({ path }) => !isOwn(path)).map((file) => this.#file(file, 'output')),
        ...unique(observed.requests.filter((request) => !isRead(request))).map((request) => this.#web(request)),
        ...bound.map(([name, { content }]) => this.#variable(name, content)),
      ],
    };
  }

  /** The notebook as a whole has no variables to show. */
  #everything(): { readonly inputs: readonly Dataset[]; readonly outputs: readonly Dataset[] } {
    const files = dataOf(this.#run).filter((file) => !file.ofEnvironment);
    const requests = requestsOf(this.#run);
    const inputs = files.filter(({ role }) => role === 'input').map((file) => this.#file(file, 'input'));
    const outputs = files.filter(({ role }) => role === 'output').map((file) => this.#file(file, 'output'));
    return {
      inputs: [...inputs, ...unique(requests.filter(isRead)).map((request) => this.#web(request))],
      outputs: [
        ...outputs,
        ...unique(requests.filter((request) => !isRead(request))).map((request) => this.#web(request)),
      ],
    };
  }

  #file({ path, digest, size }: RecordedFile, role: 'input' | 'output'): Dataset & Readonly<Record<string, unknown>> {
    const source = this.#facet('DatasourceDatasetFacet', '1-0-1', { name: 'file', uri: pathToFileURL(path).href });
    const version = this.#facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: digest });
    const [name, release] = statisticsOf[role];
    const statistics =
      size === undefined ? {} : { [`${role}Facets`]: { [`${role}Statistics`]: this.#facet(name, release, { size }) } };
    return { namespace: 'file', name: path, facets: { dataSource: source, version }, ...statistics };
  }

  #web({ url, version, etag, lastModified }: WebRequest): Dataset {
    const [, origin = '', name = ''] = /^((?:[a-z]+:)?\/\/[^/]*)(.*)$/.exec(url) ?? [];
    const told = version ?? etag ?? lastModified;
    const source = this.#facet('DatasourceDatasetFacet', '1-0-1', { name: origin, uri: encodeURI(url) });
    const facet =
      told === undefined
        ? {}
        : { version: this.#facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: told }) };
    return { namespace: origin, name: name === '' ? '/' : name, facets: { dataSource: source, ...facet } };
  }

  #variable(name: string, content: string): Dataset {
    const version = this.#facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: content });
    return { namespace, name: `${this.#notebook}.${name.replace(/^def:/, '')}`, facets: { version } };
  }
}

/** The facets that tell the size of what is read and written, and their versions. */
const statisticsOf = {
  input: ['InputStatisticsInputDatasetFacet', '1-0-0'],
  output: ['OutputStatisticsOutputDatasetFacet', '1-0-2'],
} as const;

function isRead({ method }: WebRequest): boolean {
  return method === 'GET' || method === 'HEAD' || method === '';
}

function isVariable(name: string): boolean {
  return !name.includes(':') || name.startsWith('def:');
}

/** Asked twice, it is one data set still. */
function unique<T extends WebRequest>(requests: readonly T[]): readonly T[] {
  return [...new Map(requests.map((request) => [request.url, request])).values()];
}

/** The same for the same text: version 5 of RFC 9562, in a name space of our own. */
function uuidOf(text: string): string {
  const bytes = createHash('sha1').update(`urn:cellwright:${text}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
