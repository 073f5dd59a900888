import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, Task } from '../compiler/bundle/format.ts';
import {
  describeDoing,
  findCached,
  formatVersion,
  manifestPath,
  remember,
  type Around,
  type CacheEntry,
  type LaneNote,
  type Miss,
} from './cache.ts';
import { finishedEvent } from './history/finished.ts';
import { togetherOf } from './history/observation.ts';
import { isClosed } from './measures/gates.ts';
import { nothingObserved } from './nothing-observed.ts';
import type { AttemptResult, LaneObservation, Measured } from './process/protocol.ts';
import { tellReached } from './tell-reached.ts';
import { initialState, type RunContext, type RunOutcome, type State } from './run-state.ts';
import type { LocalStore } from './store/local.ts';

/** A lane as the cache sees it: one task, whose code is the exact text of all cells that run, since a lane shows their history. */
export interface LaneUnit {
  readonly task: Task;
  readonly cells: readonly Task[];
  /** A digest of each cell. */
  readonly digests: readonly string[];
}

/** A lane whose result may be used again, or the part of its key that differs. */
export type LaneFound = { readonly entry: CacheEntry; readonly note: LaneNote } | { readonly miss: Miss };

const knownLanes = 'lane.json';
const lanesKept = 8;

/** What is known of the lanes of a notebook, the newest first: the digest of each one's code, and of its cells. */
interface KnownLanes {
  readonly formatVersion: number;
  readonly lanes: readonly { readonly code: string; readonly cells: readonly string[] }[];
}

/** The cells of a notebook up to a place as one unit; undefined when none of them runs. */
export function laneUnit(bundle: Bundle, until: number): LaneUnit | undefined {
  const cells = bundle.tasks.filter((task, index) => task.executionCount > 0 && index <= until);
  const [first] = cells;
  if (first === undefined) return undefined;
  const digests = cells.map(({ source, executionCount, directives, measures }) =>
    digestOf(JSON.stringify([source, executionCount, directives, ...(measures === undefined ? [] : [measures])])),
  );
  const code = `sha256:${digestOf(`lane:${digests.join(' ')}`)}` as const;
  const directives = { cache: true, raisesException: false, skip: false, gate: false };
  const nothing = { accesses: [], exposes: [], preload: [], imports: [], leadingImports: 0 };
  return { task: { ...first, ...nothing, code, directives }, cells, digests };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Looks for a lane of these very cells of which everything that it depended on is as it was. */
export function findLane(around: Around, unit: LaneUnit): LaneFound {
  const found = findCached(around, [initialState(unit.task, 0)], 0);
  if ('entry' in found && found.entry.lane !== undefined) return { entry: found.entry, note: found.entry.lane };
  const miss: Miss = 'miss' in found ? found.miss : { part: 'no earlier run', name: '' };
  return { miss: miss.part === 'no earlier run' ? (changedCell(around.store, unit) ?? miss) : miss };
}

/** The first cell that is not as in the newest lane. */
function changedCell(store: LocalStore, { cells, digests, task }: LaneUnit): Miss | undefined {
  const [newest] = readKnown(store).lanes;
  if (newest === undefined || newest.code === task.code) return undefined;
  const place = digests.findIndex((digest, at) => newest.cells[at] !== digest);
  return { part: 'code', name: `of ${cells[place]?.name ?? 'the last cells'}` };
}

function readKnown(store: LocalStore): KnownLanes {
  const document = store.readDocument(knownLanes);
  const known = typeof document === 'object' && document !== null && 'formatVersion' in document;
  if (known && document.formatVersion === formatVersion) return document as unknown as KnownLanes;
  return { formatVersion, lanes: [] };
}

/** True when there seems to be a result of all cells that can be used again. */
export function mayReuseLane(context: RunContext): boolean {
  const unit = laneUnit(context.bundle, context.until);
  return unit !== undefined && context.readCache && 'entry' in findLane(context, unit);
}

/** All cells as an earlier run in one process gave them, or why they cannot be had; nothing is started. */
export function reuseLane(context: RunContext): RunOutcome | Miss | undefined {
  const unit = laneUnit(context.bundle, context.until);
  if (unit === undefined || !context.readCache || context.signal?.aborted === true) return undefined;
  const found = findLane(context, unit);
  if ('miss' in found) return found.miss;
  const { entry, note } = found;
  if (unit.cells.some((task, place) => isClosedNow(context, task, note.measured[place] ?? undefined)))
    return { part: 'not to be reused', name: 'a gate does not hold any more' };
  const reason = `same inputs as in run ${entry.run}, in one process`;
  context.onEvent({ type: 'lane', reason: note.why });
  const tasks = context.bundle.tasks.map((task): RunOutcome['tasks'][number] => {
    const place = unit.cells.indexOf(task);
    if (place < 0) return { task, status: 'not-run', outputs: [], seconds: 0, reason: '', result: undefined };
    const outputs = note.outputs[place] ?? [];
    const measured = note.measured[place] ?? undefined;
    const found = { ...initialState(task, place), outputs: [...outputs], because: reason, cached: entry.run };
    context.onEvent(finishedEvent(found, 'cached'), outputs);
    const result = { ...withMeasured(entry.result, measured), imported: note.imported[place] ?? [] };
    const judged = { task, result, verdicts: [] };
    context.gates.judge(judged);
    return { ...judged, status: 'cached', outputs, seconds: 0, reason };
  });
  context.onEvent({ type: 'together', ...togetherOf(entry.result) });
  tellReached(context, [entry.packages]);
  return { status: 'ok', tasks, diagnostics: [], lane: true, why: note.why, damaged: undefined };
}

function withMeasured(result: AttemptResult, measured: Measured | undefined): AttemptResult {
  return measured === undefined ? result : { ...result, measured };
}

/** A gate that compares with an earlier run may hold no more, and then what depends on it must not count. */
function isClosedNow({ gates }: RunContext, task: Task, measured: Measured | undefined): boolean {
  return measured !== undefined && isClosed({ verdicts: gates.verdictsOn(task, 'ok', measured) });
}

/** Remembers a lane in which no cell raised. What it wrote must be whole: its process has ended. */
export function rememberLane(
  context: RunContext,
  states: readonly State[],
  { observed, why }: { readonly observed: LaneObservation; readonly why: string },
): void {
  context.onEvent({ type: 'together', ...togetherOf(observed) });
  tellReached(context, [observed.packages]);
  const unit = laneUnit(context.bundle, context.until);
  if (unit === undefined || !context.useCache) return;
  const ran = states.filter(({ task }) => unit.cells.includes(task));
  if (ran.some(({ result }) => result?.status !== 'ok')) return;
  const shown = context.secrets.reasonOf(
    { reads: {}, ...observed },
    ran.flatMap(({ outputs }) => outputs),
  );
  const outside = [
    ...uncached(ran),
    ...(shown === undefined ? [] : [shown]),
    ...observed.outside.map((reason) => nameDoing(ran, reason)),
  ];
  // After a lane there is nothing to load but what it showed and left in files.
  const result: AttemptResult = { status: 'ok', ...nothingObserved, ...observed, outside };
  const lane = {
    why,
    outputs: ran.map(({ outputs }) => outputs),
    measured: ran.map(({ result: own }) => own?.measured ?? null),
    imported: ran.map(({ result: own }) => own?.imported ?? []),
  };
  const state = { ...initialState(unit.task, 0), result, lane };
  remember(context, [state], state);
  noteLane(context.store, unit);
}

function uncached(ran: readonly State[]): readonly string[] {
  const forbidding = ran.find(({ task }) => !task.directives.cache);
  return forbidding === undefined ? [] : [`the directive of ${forbidding.task.name} says so`];
}

/** What was done to the outside, with the first cell that did it. */
function nameDoing(ran: readonly State[], reason: string): string {
  const first = ran.find(({ result }) => result?.outside.includes(reason) === true);
  return reason === 'file-write' ? reason : describeDoing(reason, first?.task.name ?? 'it');
}

/** Lanes of texts that have long gone are forgotten: each has all outputs of the notebook. */
function noteLane(store: LocalStore, { task, digests }: LaneUnit): void {
  const others = readKnown(store).lanes.filter(({ code }) => code !== task.code);
  const lanes = [{ code: task.code, cells: digests }, ...others];
  for (const { code } of lanes.slice(lanesKept)) rmSync(join(store.root, manifestPath({ code })), { force: true });
  const known: KnownLanes = { formatVersion, lanes: lanes.slice(0, lanesKept) };
  store.writeDocument(knownLanes, known);
}
