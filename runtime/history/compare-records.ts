import { join } from 'node:path';
import { pairCells, type Pair } from '../certificate/pairs.ts';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { RecordedValue } from '../certificate/format.ts';
import type { NotebookOutput } from '../report/outputs.ts';
import { readDocument } from '../store/local.ts';
import { dataOf, requestsOf } from './data.ts';
import { compareLines, unifiedLines } from './line-difference.ts';
import { compareOutputs, type OutputDifference } from './output-difference.ts';
import { comparePictures } from './picture-difference.ts';
import { runFolder, type KeptRun } from './read-runs.ts';
import type { RecordedRun, RecordedTask } from './recorded-run.ts';

/** A fact of two runs that is not the same: undefined where a run has none. */
export interface RecordChange {
  readonly kind: 'parameter' | 'code' | 'data' | 'web' | 'package' | 'environment' | 'commit';
  /** The parameter, cell, path, address, distribution … */
  readonly name: string;
  readonly before: string | undefined;
  readonly now: string | undefined;
  /** Of code: its lines as `diff -u` shows them. */
  readonly lines: readonly string[];
}

/** A cell that one run shows otherwise than the other, or that only one of them has. */
export interface CellChange {
  readonly name: string;
  /** As in `In [n]`, of the later run where it has the cell. */
  readonly number: number | undefined;
  readonly kind: 'differs' | 'came' | 'went';
  /** Why, as far as the records tell: its own code, and what it read that was another one. */
  readonly because: readonly string[];
  readonly outputs: readonly OutputDifference[];
  readonly before: readonly NotebookOutput[];
  readonly now: readonly NotebookOutput[];
}

/** Two runs compared: first what they were made on, then what came of it. */
export interface RecordComparison {
  readonly causes: readonly RecordChange[];
  readonly effects: readonly CellChange[];
  /** Cells that show the same in both. */
  readonly equal: number;
}

/** A run with its log read. */
export type LoggedRun = KeptRun & { readonly run: RecordedRun };

interface Cell {
  readonly code: string;
  readonly task: RecordedTask;
  readonly source: string;
  readonly outputs: readonly NotebookOutput[];
}

/**
 * Compares the records of two runs.
 * @param mostPictures so many that differ are compared point by point; of more it is only told that they differ
 */
export function compareRecords(before: LoggedRun, now: LoggedRun, mostPictures: number = Infinity): RecordComparison {
  let compared = 0;
  const compare: typeof comparePictures = (old, fresh) =>
    compared++ < mostPictures ? comparePictures(old, fresh) : { kind: 'unknown' };
  const pairs = pairCells(cellsOf(before), cellsOf(now));
  const effects = pairs.flatMap((pair) => changeOf(pair, { old: before.run, fresh: now.run, compare }) ?? []);
  const causes = [
    ...changes('parameter', parametersOf(before.run), parametersOf(now.run)),
    ...pairs.flatMap((pair) => codeChange(pair) ?? []),
    ...changes('data', inputsOf(before.run), inputsOf(now.run)),
    ...changes('web', webOf(before.run), webOf(now.run)),
    ...changes('environment', environmentOf(before.run), environmentOf(now.run)),
    ...changes('package', packagesOf(before.run), packagesOf(now.run)),
    ...changes('commit', commitOf(before.run), commitOf(now.run)),
  ];
  return {
    causes,
    effects,
    equal:
      pairs.filter(({ before: old, now: fresh }) => old && fresh).length -
      effects.filter(({ kind }) => kind === 'differs').length,
  };
}

interface ExecutedCell {
  readonly source: string | readonly string[];
  readonly metadata?: { readonly tags?: readonly string[] };
  readonly outputs?: readonly NotebookOutput[];
}

/** Code from the executed notebook that the record keeps; a run that was killed has none. The cell of the parameters is told as parameters. */
function cellsOf({ state, id, run }: LoggedRun): readonly Cell[] {
  const document = readDocument(join(runFolder(state, id), 'notebook.ipynb')) as
    { cells?: readonly ExecutedCell[] } | undefined;
  return [...run.tasks.values()].flatMap((task): Cell[] => {
    const cell = task.index === undefined ? undefined : document?.cells?.[task.index];
    if (cell?.metadata?.tags?.includes('injected-parameters') === true) return [];
    const source = typeof cell?.source === 'string' ? cell.source : (cell?.source.join('') ?? '');
    return [{ code: task.code, task, source, outputs: cell?.outputs ?? [] }];
  });
}

function codeChange({ before, now }: Pair<Cell>): RecordChange | undefined {
  if (before?.code === now?.code) return undefined;
  const lines = unifiedLines(compareLines(before?.source ?? '', now?.source ?? ''));
  const name = now?.task.name ?? before?.task.name ?? '';
  return { kind: 'code', name, before: before?.code, now: now?.code, lines };
}

interface Compared {
  readonly old: RecordedRun;
  readonly fresh: RecordedRun;
  readonly compare: typeof comparePictures;
}

function changeOf({ before, now }: Pair<Cell>, { old, fresh, compare }: Compared): CellChange | undefined {
  const cell = now ?? before;
  if (cell === undefined) return undefined;
  const shown = {
    name: cell.task.name,
    number: cell.task.number,
    before: before?.outputs ?? [],
    now: now?.outputs ?? [],
  };
  if (before === undefined || now === undefined) {
    return { ...shown, kind: before === undefined ? 'came' : 'went', because: [], outputs: [] };
  }
  const outputs = compareOutputs(before.outputs, now.outputs, compare);
  if (outputs.length === 0) return undefined;
  return { ...shown, kind: 'differs', because: reasons(before, now, { old, fresh }), outputs };
}

/** What is another one of all that the cell depends on. */
function reasons(
  before: Cell,
  now: Cell,
  { old, fresh }: { readonly old: RecordedRun; readonly fresh: RecordedRun },
): readonly string[] {
  const found = before.code === now.code ? [] : ['its code'];
  const [was, is] = [before.task.observed, now.task.observed];
  const names = [...new Set([...Object.keys(was?.reads ?? {}), ...Object.keys(is?.reads ?? {})])];
  found.push(
    ...names.filter((name) => !name.includes(':') && (was?.reads[name] ?? 'absent') !== (is?.reads[name] ?? 'absent')),
  );
  const digests = (files: NonNullable<typeof was>['filesRead'] | undefined): ReadonlyMap<string, string> =>
    new Map(files?.map(({ path, digest }) => [path, digest]));
  const [read, reads] = [digests(was?.filesRead), digests(is?.filesRead)];
  found.push(...[...reads].flatMap(([path, digest]) => (read.has(path) && read.get(path) !== digest ? [path] : [])));
  if (found.length === 0 && old.environment?.digest !== fresh.environment?.digest)
    found.push('perhaps the environment');
  return found;
}

type Texts = ReadonlyMap<string, string>;

function changes(kind: RecordChange['kind'], before: Texts, now: Texts): readonly RecordChange[] {
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((name) => {
    const [old, fresh] = [before.get(name), now.get(name)];
    return old === fresh ? [] : [{ kind, name, before: old, now: fresh, lines: [] }];
  });
}

function parametersOf({ started }: RecordedRun): Texts {
  return new Map(started?.origin.parameters.map(({ name, value }) => [name, plainValue(value)]));
}

/** Numbers as they were given; all else as JSON. */
function plainValue(value: RecordedValue): string {
  if (typeof value === 'object' && value !== null && 'int' in value) return value.int;
  if (typeof value === 'object' && value !== null && 'float' in value) return value.float;
  return canonicalJson(value);
}

function inputsOf(run: RecordedRun): Texts {
  const inputs = dataOf(run).filter(({ role, ofEnvironment }) => role === 'input' && !ofEnvironment);
  return new Map(inputs.map(({ path, digest }) => [path, digest]));
}

/** Addresses of which the server told a version. */
function webOf(run: RecordedRun): Texts {
  return new Map(
    requestsOf(run).flatMap(({ url, version, etag, lastModified }) => {
      const told = version ?? etag ?? lastModified;
      return told === undefined ? [] : [[url, told] as const];
    }),
  );
}

function packagesOf({ environment }: RecordedRun): Texts {
  // Logs of an earlier format have none.
  return new Map((environment?.packages ?? []).map(({ name, version }) => [name, version]));
}

function environmentOf({ environment, language, started }: RecordedRun): Texts {
  const facts = {
    [language?.engine?.name ?? 'python']: language?.engine?.version ?? language?.version,
    interpreter: environment?.executable,
    system: started?.runner.system,
    host: started?.runner.host,
    user: started?.runner.user,
    folder: started?.cwd,
    notebook: started?.origin.notebook,
    program: started?.origin.program,
  };
  return new Map(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

function commitOf({ sourceControl }: RecordedRun): Texts {
  return new Map(sourceControl === undefined ? [] : [['HEAD', sourceControl.commit]]);
}
