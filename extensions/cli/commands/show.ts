import path from 'node:path';
import {
  dataOf,
  isGoingOn,
  runFolder,
  summariseRun,
  type DataUse,
  type RecordedTask,
  type SourceControl,
} from '../../../runtime/index.ts';
import type { ParsedArguments } from '../args.ts';
import { isThere, shownPath } from '../files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { formatSeconds } from '../progress.ts';
import { formatBytes, shortDigest, showCommit, showNotebook, showParameters, showTime } from '../recorded-text.ts';
import { count, renderDiagnostics, renderTable } from '../render.ts';
import { describeRecord, statusWord } from '../run-document.ts';

/** `cellwright show RUN [NB]`: everything that the record of a run says. */
export async function showCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const [word, notebook] = parsed.positionals;
  if (word === undefined) {
    return usage('Which run is to be shown?', 'Name a run, or last; cellwright runs lists them.');
  }
  const found = findRun(host, parsed, { word, notebook });
  if (!found.ok) return found.result;
  const { run } = found.value;
  const data = dataOf(run);
  return {
    status: 'ok',
    diagnostics: [],
    text: `${head(host, found.value)}${tasks(run.tasks)}${dataLines(host, data)}${problems(found.value)}`,
    document: {
      ...describeRecord(found.value),
      program: run.started?.origin.program ?? null,
      bundle: run.started?.bundle ?? null,
      source: run.started?.notebook ?? null,
      cwd: run.started?.cwd ?? null,
      system: run.started?.runner.system ?? null,
      jobs: run.started?.jobs ?? null,
      environment: run.environment === undefined ? null : describeEnvironment(found.value),
      sourceControl: run.sourceControl === undefined ? null : describeSource(run.sourceControl),
      executed: executedOf(found.value) ?? null,
      log: path.join(runFolder(found.value.state, found.value.id), 'events.jsonl'),
      tasks: [...run.tasks.values()].map(describeTask),
      data: data.map(({ size, ...use }) => ({ ...use, size: size ?? null })),
      problems: run.diagnostics,
    },
  };
}

function describeEnvironment({ run }: FoundRun): Readonly<Record<string, unknown>> {
  const { executable = '', digest = '', packages = [] } = run.environment ?? {};
  return { executable, digest, packages, language: run.language === undefined ? null : pick(run.language) };
}

function describeSource({ commit, branch, changed, more }: SourceControl): Readonly<Record<string, unknown>> {
  return { commit, branch: branch ?? null, changed: changed ?? null, more };
}

function pick({ name, version, engine }: NonNullable<FoundRun['run']['language']>): object {
  return { name, version, ...(engine !== undefined && { engine }) };
}

/** The executed notebook that the record keeps; a run that was killed has none. */
function executedOf({ state, id }: FoundRun): string | undefined {
  const file = path.join(runFolder(state, id), 'notebook.ipynb');
  return isThere(file) ? file : undefined;
}

function head(host: Host, found: FoundRun): string {
  const { run, state, id } = found;
  const { started, environment, language, sourceControl } = run;
  const { cpuSeconds, peakMemory, from } = summariseRun(run);
  const time = run.seconds === undefined ? '' : `, ${formatSeconds(run.seconds)}`;
  const used =
    peakMemory === 0
      ? ''
      : `${formatSeconds(cpuSeconds)} of processor, at most ${formatBytes(peakMemory)} in a process`;
  const changed = sourceControl?.changed ?? [];
  const rows: (readonly [string, string])[] = [
    [
      'run',
      `${id}  ${statusWord(found)}${run.status === 'unfinished' && !isGoingOn(found) ? ', its process was killed' : ''}`,
    ],
    ['when', `${showTime(run.from)}${time}`],
    ['who', started === undefined ? '' : `${started.runner.user} on ${started.runner.host} (${started.runner.system})`],
    ['notebook', showNotebook(host, run)],
    ['folder', started === undefined ? '' : shownPath(host, started.cwd)],
    ['parameters', showParameters(run)],
    ['bundle', started?.bundle ?? ''],
    ['source', started?.notebook ?? ''],
    ['commit', [showCommit(run), sourceControl?.branch ?? ''].filter((text) => text !== '').join(' on ')],
    ['changed', `${changed.join(', ')}${sourceControl?.more === true ? ' …' : ''}`],
    [language?.engine?.name ?? 'python', environment === undefined ? '' : engineOf(language, environment.executable)],
    ['packages', environment === undefined ? '' : packagesIn(environment, started?.origin.lock !== undefined)],
    ['used', used],
    ['reused', from.length === 0 ? '' : `from ${from.join(', ')}`],
    ['one process', run.lane ?? ''],
    ['program', started?.origin.program ?? ''],
    ['executed', executedOf(found) ?? ''],
    ['log', path.join(runFolder(state, id), 'events.jsonl')],
  ];
  return renderTable(rows.filter(([, text]) => text !== ''));
}

/** What the cells import of an engine that fetches modules by itself is known by a lock, or when they have run. */
function packagesIn(
  { packages, caches, digest }: NonNullable<FoundRun['run']['environment']>,
  isLocked: boolean,
): string {
  const which = caches === undefined ? 'installed' : isLocked ? 'locked' : 'imported, not locked';
  return `${packages.length} ${which}, ${shortDigest(digest)}`;
}

/** Version and place; the version of the language too, where it has one of its own. */
function engineOf(language: FoundRun['run']['language'], executable: string): string {
  const version = language?.engine?.version ?? language?.version ?? '';
  const own = language === undefined || version === language.version ? '' : ` (${language.name} ${language.version})`;
  return `${version}${own} ${executable}`.trim();
}

const words: Readonly<Record<RecordedTask['status'], string>> = {
  ran: 'ran',
  cached: 'reused',
  failed: 'FAILED',
  'not-run': 'not run',
  stopped: 'stopped',
};

function tasks(all: ReadonlyMap<string, RecordedTask>): string {
  if (all.size === 0) return '';
  const isWide = [...all.values()].some(({ place }) => place !== undefined);
  const rows = [...all.values()].map((task) => {
    const { number, name, status, seconds, observed, reason, from, place } = task;
    const ran = status === 'ran' || status === 'failed';
    const used =
      !ran || observed === undefined
        ? ['', '']
        : [formatSeconds(observed.cpuSeconds), formatBytes(observed.peakMemory)];
    const error =
      observed?.error === undefined ? '' : `${observed.error.ename}: ${observed.error.evalue.split('\n')[0] ?? ''}`;
    const tries = task.failedTries.length === 0 ? '' : `try ${task.failedTries.length + 1}`;
    const why = [error, tries, from === undefined ? reason : `from ${from}`].filter((text) => text !== '').join('; ');
    const where = isWide ? [ran ? (place ?? 'this machine') : ''] : [];
    return [`  [${number ?? '?'}]`, name, words[status], ran ? formatSeconds(seconds) : '', ...used, ...where, why];
  });
  const heading = ['cell', 'task', 'status', 'time', 'cpu', 'memory', ...(isWide ? ['on'] : []), ''];
  return `\n${renderTable([heading, ...rows])}`;
}

function dataLines(host: Host, all: readonly DataUse[]): string {
  const own = all.filter(({ ofEnvironment }) => !ofEnvironment);
  if (own.length === 0) return '';
  const rows = own.map(({ role, path: file, size, digest }) => [
    `  ${role}`,
    shownPath(host, file),
    size === undefined ? '' : formatBytes(size),
    shortDigest(digest),
  ]);
  return `\ndata\n${renderTable(rows)}`;
}

function problems({ run }: FoundRun): string {
  if (run.diagnostics.length === 0) return '';
  return `\n${count(run.diagnostics.length, 'message')}\n${renderDiagnostics(run.diagnostics, new Map())}`;
}

function describeTask(task: RecordedTask): Readonly<Record<string, unknown>> {
  const { id, name, index, number, status, seconds, reason, code, from, observed } = task;
  const { dropped, failedTries, fusedWith, place } = task;
  return {
    id,
    name,
    index: index ?? null,
    executionCount: number ?? null,
    status: status === 'cached' ? 'reused' : status,
    seconds,
    reason,
    code,
    from: from ?? null,
    place: place ?? null,
    cpuSeconds: observed?.cpuSeconds ?? null,
    peakMemory: observed?.peakMemory ?? null,
    outside: observed?.outside ?? [],
    reads: observed?.reads ?? {},
    writes: observed?.writes ?? {},
    error: observed?.error ?? null,
    dropped,
    failedTries,
    fusedWith: fusedWith ?? null,
  };
}
