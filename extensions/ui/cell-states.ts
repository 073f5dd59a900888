import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { CellDiagnostic, CellState, CellStateName } from './panel.ts';
import type { Pipeline, PipelineTask } from './pipeline.ts';
import type { Plan } from './plan.ts';
import { remediesOf } from './remedies.ts';
import type { RunCell, RunState } from './run-fold.ts';
import { stateWords } from './state-words.ts';

/** What the states of cells are made from. */
export interface Known {
  readonly pipeline: Pipeline;
  /** What a run would reuse, as the service said for the saved notebook; undefined without a service. */
  readonly plan: Plan | undefined;
  /** The run that is shown. */
  readonly run: RunState | undefined;
  /** True when {@link plan} was asked after {@link run} had come to its end. */
  readonly isPlanNewer: boolean;
}

/** A state and why it is that. */
interface Found {
  readonly state: CellStateName;
  readonly why: string;
  readonly stale: boolean;
}

/** The state of every code cell, in notebook order. */
export function statesOf(known: Known): readonly CellState[] {
  const { pipeline, run, plan } = known;
  const said = diagnosticsByCell(known);
  const changed = new Map<string, string>();
  return pipeline.tasks.map((task) => {
    const cell = run?.cells.get(task.id);
    const diagnostics = said.get(task.id) ?? [];
    const found = stateOf(known, { task, cell, diagnostics, changed });
    if (found.state === 'stale') changed.set(task.id, `[${task.number}] ${task.label}`);
    const { letter, words } = stateWords[found.state];
    const planned = plan?.cells.get(task.id);
    const isCounted = cell !== undefined && (cell.code === undefined || cell.code === task.code);
    const { id, index, name, label, number, source, code, reads, writes, makes, uses } = task;
    return {
      ...{ cell: id, index, task: name, label, number, source, code, reads, writes, makes, uses },
      ...{ ...found, letter, words, diagnostics },
      seconds: isCounted ? cell.seconds : undefined,
      memory: isCounted ? cell.memory : undefined,
      from: found.state === 'cached' ? (cell?.from ?? planned?.from) : undefined,
    };
  });
}

interface Case {
  readonly task: PipelineTask;
  readonly cell: RunCell | undefined;
  readonly diagnostics: readonly CellDiagnostic[];
  /** Earlier cells that will give something else, by id, and what they are called. */
  readonly changed: Map<string, string>;
}

function stateOf(known: Known, { task, cell, diagnostics, changed }: Case): Found {
  const { run, plan } = known;
  const refused = diagnostics.find(({ severity, run: of }) => severity === 'error' && of === undefined);
  if (refused !== undefined) return { state: 'refused', why: refused.message, stale: false };
  if (task.number === 0) return { state: 'unused', why: '', stale: false };
  const isLive = run !== undefined && run.end === undefined;
  const edited = isEdited(task, cell, plan);
  if (edited && !(isLive && cell?.status === 'running')) {
    return { state: 'stale', why: 'it was edited since it ran', stale: true };
  }
  if (isLive && cell !== undefined && cell.status !== 'waiting') return fromRun(run, cell);
  const upstream = task.reads.find((need) => !need.assumed && changed.has(need.cell));
  if (upstream !== undefined) {
    // What rests on an edited cell is not what it was, until a run says otherwise.
    const why = `needs ${upstream.carries.join(', ')} of ${changed.get(upstream.cell) ?? ''}, which was edited`;
    changed.set(task.id, changed.get(upstream.cell) ?? '');
    return { state: 'will-run', why, stale: false };
  }
  if (cell !== undefined && cell.status !== 'waiting' && !known.isPlanNewer && run !== undefined)
    return fromRun(run, cell);
  return fromPlan(known, task, cell);
}

/** True when the text does something else than what ran, or what was planned. */
function isEdited(task: PipelineTask, cell: RunCell | undefined, plan: Plan | undefined): boolean {
  if (task.code === '') return false;
  if (cell?.code !== undefined) return cell.code !== task.code;
  const planned = plan?.cells.get(task.id);
  return planned !== undefined && planned.wasRun && planned.code !== '' && planned.code !== task.code;
}

function fromPlan({ plan, run }: Known, { id }: PipelineTask, cell: RunCell | undefined): Found {
  const planned = plan?.cells.get(id);
  if (planned === undefined) {
    if (cell !== undefined && run !== undefined && cell.status !== 'waiting') return fromRun(run, cell);
    return plan === undefined
      ? { state: 'unknown', why: '', stale: false }
      : { state: 'will-run', why: 'it is not in the saved notebook', stale: false };
  }
  if (planned.plan === 'reuse') {
    const ended = cell !== undefined && run !== undefined ? fromRun(run, cell) : undefined;
    if (ended !== undefined && ended.state !== 'will-run') return ended;
    return { state: 'cached', why: planned.because, stale: false };
  }
  // How it failed is worth more than that it will be tried again.
  if (cell !== undefined && run !== undefined) {
    const ended = fromRun(run, cell);
    if (['failed', 'gated', 'not-run'].includes(ended.state)) return ended;
  }
  const why = planned.plan === 'unknown' ? 'a cell before it will run; only that can tell' : planned.because;
  return { state: 'will-run', why, stale: false };
}

function fromRun(run: RunState, cell: RunCell): Found {
  const found = (state: CellStateName, why: string): Found => ({ state, why, stale: false });
  const closed = run.gates.find((gate) => gate.cell === cell.cell && !gate.holds);
  switch (cell.status) {
    case 'running':
      return found(
        'running',
        [cell.place === undefined ? '' : `on ${cell.place}`, ...cell.again].filter(isSaid).join('; '),
      );
    case 'failed':
      return found('failed', cell.error ?? cell.reason);
    case 'not-run':
      return found('not-run', cell.reason);
    case 'stopped':
      return found('will-run', 'it was stopped before its end');
    case 'waiting':
      return found('will-run', cell.again.join('; '));
    case 'cached':
      if (closed !== undefined) return found('gated', `${closed.condition}: ${closed.why}`);
      return found('cached', cell.from === undefined ? cell.reason : `from run ${cell.from}`);
    case 'ran':
      if (closed !== undefined) return found('gated', `${closed.condition}: ${closed.why}`);
      if (cell.fusedWith !== undefined && run.lane === undefined)
        return found('fused', `only the process of an earlier cell has ${cell.fusedWith}`);
      return found('done', cell.reason);
  }
}

function isSaid(text: string): boolean {
  return text !== '';
}

/** What the compiler and the run say, by cell; what is of no cell is under the empty id. */
export function diagnosticsByCell({
  pipeline,
  run,
}: Pick<Known, 'pipeline' | 'run'>): ReadonlyMap<string, CellDiagnostic[]> {
  const found = new Map<string, CellDiagnostic[]>();
  const add = (diagnostic: Diagnostic, of: string | undefined): void => {
    const place = pipeline.byId.get(diagnostic.location?.cell ?? '');
    const cell = place?.id ?? '';
    const remedies = place === undefined ? [] : remediesOf(diagnostic, place, pipeline.language);
    const known = found.get(cell) ?? [];
    found.set(cell, [...known, { ...diagnostic, remedies, ...(of === undefined ? {} : { run: of }) }]);
  };
  for (const diagnostic of pipeline.diagnostics) add(diagnostic, undefined);
  for (const diagnostic of run?.diagnostics ?? []) add(diagnostic, run?.id);
  return found;
}
