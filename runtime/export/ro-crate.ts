import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dataOf, requestsOf } from '../history/data.ts';
import type { RecordedRun } from '../history/recorded-run.ts';

type Entity = Readonly<Record<string, unknown>> & { readonly '@id': string };

const reference = (id: string): { readonly '@id': string } => ({ '@id': id });
const context = 'https://w3id.org/ro/crate/1.1/context';
const runTerms = 'https://w3id.org/ro/terms/workflow-run/context';
const profiles = [
  ['https://w3id.org/ro/wfrun/process/0.5', 'Process Run Crate', '0.5'],
  ['https://w3id.org/ro/wfrun/workflow/0.5', 'Workflow Run Crate', '0.5'],
  ['https://w3id.org/workflowhub/workflow-ro-crate/1.0', 'Workflow RO-Crate', '1.0'],
] as const;

/** What a crate is made from. */
export interface CrateInput {
  readonly run: RecordedRun;
  /** Name of the executed notebook in the crate. */
  readonly notebook: string;
  /** Name of the log in the crate. */
  readonly log: string;
  /** A licence as an SPDX identifier or an address; undefined when nobody said one. */
  readonly license: string | undefined;
}

/**
 * The text of `ro-crate-metadata.json`: RO-Crate 1.1 with the profile Workflow Run Crate 0.5. Data is named by its address, size and
 * digest, and not copied.
 */
export function describeCrate({ run, notebook, log, license }: CrateInput): string {
  const data = dataEntities(run);
  const terms = parameterEntities(run);
  const parts = [notebook, log, readMe['@id'], ...data.map(({ entity }) => entity['@id'])];
  const graph: readonly Entity[] = [
    {
      '@id': 'ro-crate-metadata.json',
      '@type': 'CreativeWork',
      conformsTo: [
        reference('https://w3id.org/ro/crate/1.1'),
        reference('https://w3id.org/workflowhub/workflow-ro-crate/1.0'),
      ],
      about: reference('./'),
    },
    rootOf(run, { parts, notebook, license }),
    ...profiles.map(([id, name, version]) => ({ '@id': id, '@type': 'CreativeWork', name, version })),
    workflowOf(
      run,
      notebook,
      terms.map(({ formal }) => formal['@id']),
    ),
    languageOf(run),
    {
      '@id': log,
      '@type': 'File',
      name: 'Log of the run',
      encodingFormat: 'application/jsonl',
      description: 'Every event of the run, one a line.',
    },
    personOf(run),
    licenseOf(license),
    readMe,
    actionOf(run, { notebook, data, values: terms.map(({ value }) => value['@id']) }),
    ...data.map(({ entity }) => entity),
    ...terms.flatMap(({ formal, value }) => [formal, value]),
  ];
  return `${JSON.stringify({ '@context': [context, runTerms], '@graph': graph }, null, 2)}\n`;
}

function rootOf(
  run: RecordedRun,
  {
    parts,
    notebook,
    license,
  }: { readonly parts: readonly string[]; readonly notebook: string; readonly license: string | undefined },
): Entity {
  const name = basename(run.started?.origin.notebook ?? notebook);
  return {
    '@id': './',
    '@type': 'Dataset',
    name: `Run ${run.id} of ${name}`,
    description: `The record of a run of the notebook ${name}, made by Cellwright: what it was made on, who made it, and what it gave.`,
    datePublished: run.until,
    license: reference(licenseId(license)),
    author: reference('#person'),
    conformsTo: profiles.map(([id]) => reference(id)),
    hasPart: parts.map(reference),
    mainEntity: reference(notebook),
    mentions: reference('#run'),
  };
}

function workflowOf(run: RecordedRun, notebook: string, inputs: readonly string[]): Entity {
  const { sourceControl } = run;
  return {
    '@id': notebook,
    '@type': ['File', 'SoftwareSourceCode', 'ComputationalWorkflow'],
    name: basename(run.started?.origin.notebook ?? notebook),
    encodingFormat: 'application/x-ipynb+json',
    programmingLanguage: reference(languageOf(run)['@id']),
    ...(run.started === undefined ? {} : { identifier: run.started.bundle }),
    version: sourceControl?.commit ?? run.started?.bundle ?? 'unknown',
    conformsTo: reference('https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE'),
    ...(inputs.length === 0 ? {} : { input: oneOrMore(inputs) }),
  };
}

function personOf({ started }: RecordedRun): Entity {
  const user = started?.runner.user ?? 'unknown';
  return { '@id': '#person', '@type': 'Person', name: user };
}

const endings = {
  ok: 'http://schema.org/CompletedActionStatus',
  failed: 'http://schema.org/FailedActionStatus',
  refused: 'http://schema.org/FailedActionStatus',
  interrupted: 'http://schema.org/FailedActionStatus',
  unfinished: 'http://schema.org/FailedActionStatus',
} as const;

function actionOf(
  run: RecordedRun,
  {
    notebook,
    data,
    values,
  }: { readonly notebook: string; readonly data: readonly DataEntity[]; readonly values: readonly string[] },
): Entity {
  const ids = (role: DataEntity['role']): readonly string[] =>
    data.filter((one) => one.role === role).map(({ entity }) => entity['@id']);
  const failed = [...run.tasks.values()].find(({ status }) => status === 'failed')?.observed?.error;
  const error =
    failed === undefined
      ? run.diagnostics.find(({ severity }) => severity === 'error')?.message
      : `${failed.ename}: ${failed.evalue}`;
  const [used, made] = [[...ids('input'), ...values], ids('output')];
  const told = run.status === 'ok' ? {} : { error: error ?? 'The run did not come to its end.' };
  return {
    '@id': '#run',
    '@type': 'CreateAction',
    name: `Run ${run.id}`,
    description: `${run.tasks.size} cells, run by ${run.started?.origin.program ?? 'cellwright'} on ${run.started?.runner.host ?? 'an unknown machine'} (${run.started?.runner.system ?? 'unknown'})`,
    instrument: reference(notebook),
    agent: reference('#person'),
    startTime: wholeSeconds(run.from),
    endTime: wholeSeconds(run.until),
    actionStatus: endings[run.status],
    ...told,
    ...(used.length === 0 ? {} : { object: oneOrMore(used) }),
    ...(made.length === 0 ? {} : { result: oneOrMore(made) }),
  };
}

interface DataEntity {
  readonly role: 'input' | 'output';
  readonly entity: Entity;
}

function dataEntities(run: RecordedRun): readonly DataEntity[] {
  const files = dataOf(run).filter(({ ofEnvironment }) => !ofEnvironment);
  const found = files.map(({ path, digest, size, role }): DataEntity => {
    const sha256 = digest.startsWith('sha256:') ? { sha256: digest.slice(7) } : {};
    const bytes = size === undefined ? {} : { contentSize: String(size) };
    const entity = {
      '@id': pathToFileURL(path).href,
      '@type': 'File',
      name: basename(path),
      encodingFormat: formatOf(path),
      ...bytes,
      ...sha256,
    };
    return { role, entity };
  });
  const requests = new Map(requestsOf(run).map((request) => [encodeURI(request.url), request]));
  for (const [id, { url, method, etag, version, size }] of requests) {
    if (method === '') continue;
    const told = version ?? etag;
    const entity = {
      '@id': id,
      '@type': 'File',
      name: basename(url),
      encodingFormat: formatOf(url),
      ...(told === undefined ? {} : { version: told }),
      ...(size === undefined ? {} : { contentSize: String(size) }),
    };
    found.push({ role: method === 'GET' || method === 'HEAD' ? 'input' : 'output', entity });
  }
  return found;
}

function parameterEntities({ started }: RecordedRun): readonly { readonly formal: Entity; readonly value: Entity }[] {
  return (started?.origin.parameters ?? []).map(({ name, value }) => {
    const id = `#parameter-${encodeURIComponent(name)}`;
    const kind =
      typeof value === 'object' && value !== null
        ? 'int' in value
          ? 'Integer'
          : 'float' in value
            ? 'Float'
            : 'Text'
        : typeof value === 'boolean'
          ? 'Boolean'
          : 'Text';
    const formal = {
      '@id': id,
      '@type': 'FormalParameter',
      conformsTo: reference('https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE'),
      name,
      additionalType: kind,
    };
    const plain =
      typeof value === 'object' && value !== null
        ? 'int' in value
          ? value.int
          : 'float' in value
            ? value.float
            : JSON.stringify(value)
        : String(value);
    return {
      formal,
      value: { '@id': `${id}-value`, '@type': 'PropertyValue', name, value: plain, exampleOfWork: reference(id) },
    };
  });
}

/** A list of one is written as the one. */
function oneOrMore(ids: readonly string[]): unknown {
  const [first = '', ...others] = ids;
  return others.length === 0 ? reference(first) : ids.map(reference);
}

/** ISO 8601 without parts of a second, as validators want it. */
function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, '+00:00');
}

/** An SPDX identifier stands for its page. */
function licenseId(license: string | undefined): string {
  if (license === undefined) return '#no-licence';
  return license.includes(':') ? license : `https://spdx.org/licenses/${encodeURIComponent(license)}`;
}

function licenseOf(license: string | undefined): Entity {
  const name = license ?? 'No licence was stated';
  const description = license === undefined ? 'All rights belong to the authors.' : `The licence ${license}.`;
  return { '@id': licenseId(license), '@type': 'CreativeWork', name, description };
}

const readMe: Entity = {
  '@id': 'README.md',
  '@type': 'File',
  name: 'What is in this folder',
  encodingFormat: 'text/markdown',
  about: reference('./'),
};

const languages: Readonly<Record<string, { readonly name: string; readonly url: string }>> = {
  typescript: { name: 'TypeScript', url: 'https://www.typescriptlang.org' },
  javascript: {
    name: 'JavaScript',
    url: 'https://ecma-international.org/publications-and-standards/standards/ecma-262/',
  },
};
const python = { name: 'Python', url: 'https://www.python.org' };

/** The language of the cells. */
function languageOf({ language }: RecordedRun): Entity & { readonly '@id': string } {
  const { name, url } = languages[language?.name ?? ''] ?? python;
  const version = language?.version ?? 'unknown';
  return { '@id': url, '@type': ['ComputerLanguage', 'SoftwareApplication'], name, url, version };
}

const formats: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  json: 'application/json',
  yaml: 'application/yaml',
  yml: 'application/yaml',
  xml: 'application/xml',
  py: 'text/x-python',
  ipynb: 'application/x-ipynb+json',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  svg: 'image/svg+xml',
  pdf: 'application/pdf',
  gz: 'application/gzip',
  zip: 'application/zip',
  parquet: 'application/vnd.apache.parquet',
};

function formatOf(path: string): string {
  const ending = /\.([A-Za-z0-9]+)(?:\?.*)?$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return formats[ending] ?? 'application/octet-stream';
}

/** The text of the crate's `README.md`. */
export function describeCrateForPeople({ run, notebook, log }: CrateInput): string {
  const { started } = run;
  return `# Run ${run.id}

The record of a run of the notebook ${basename(started?.origin.notebook ?? notebook)}: ${run.status}, ${run.from} to ${run.until},
by ${started?.runner.user ?? 'unknown'} on ${started?.runner.host ?? 'unknown'} with ${started?.origin.program ?? 'cellwright'}.

- \`${notebook}\`: the notebook with its outputs
- \`${log}\`: every event of the run
- \`ro-crate-metadata.json\`: who, when, on which data, with which parameters; data is named by address, size and digest, and is not copied here
`;
}
