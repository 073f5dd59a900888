import type { DiagnosticCode } from '../compiler/bundle/codes.ts';
import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { RunOutcome, TaskOutcome } from './run-state.ts';
import { originOf, type Progress } from './versions.ts';

/** What only the process of an earlier task has: a variable, or hidden state (`state:…`). */
export interface SharedValue {
  readonly name: string;
  /** Id of the task that made it. */
  readonly madeBy: string;
  /** Name of that task. */
  readonly maker: string;
  /** What it is that cannot be stored: `a generator`. */
  readonly what: string;
}

/** The values for which a task runs in the process of an earlier one, each with the task that made it. */
export function sharedValues(
  progress: readonly Progress[],
  index: number,
  names: readonly string[],
): readonly SharedValue[] {
  return names.flatMap((name): SharedValue[] => {
    let maker: Progress | undefined;
    // Each task that ran there since has held it, too.
    for (
      let at = index, origin = originOf(progress, name, at);
      origin.kind === 'held';
      origin = originOf(progress, name, at)
    ) {
      at = origin.at;
      maker = progress[at];
    }
    const what = maker?.result?.held[name];
    if (maker === undefined || what === undefined) return [];
    return [{ name, madeBy: maker.task.id, maker: maker.task.name, what }];
  });
}

/** Why all cells have to run together: the task needs a value that no process has any more (`lost`), or values of two processes. */
export function whyTogether(
  progress: readonly Progress[],
  index: number,
  { lost, names }: { readonly lost: string | undefined; readonly names: readonly string[] },
): string {
  const shared = describeShared(sharedValues(progress, index, lost === undefined ? names : [lost]));
  const which = shared.length === 0 ? '' : `: ${shared.join('; ')}`;
  const what = lost === undefined ? 'values of two processes' : `${lost}, which no store has`;
  return `${progress[index]?.task.name ?? ''} needs ${what}${which}`;
}

/** In words, a phrase for each reason; what only goes along with another value is left out. */
export function describeShared(values: readonly SharedValue[]): readonly string[] {
  const own = values.filter(({ what }) => !what.startsWith('shares objects with'));
  const told = own.length > 0 ? own : values;
  // Hidden state keeps everything in its process, for its own reason.
  const hidden = told.filter(({ name }) => name.includes(':'));
  const ofState = new Map(hidden.map(({ what, maker }) => [what, `${what} (since ${maker})`]));
  const groups = new Map<string, SharedValue[]>();
  for (const value of told) {
    const key = `${value.maker} ${value.what}`;
    if (!ofState.has(value.what)) groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return [...ofState.values(), ...[...groups.values()].map(describeGroup)];
}

function describeGroup(group: readonly SharedValue[]): string {
  const names = group.map(({ name }) => name);
  const shown =
    names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${String(names.length - 3)} more` : names.join(', ');
  return `${shown} of ${group[0]?.maker ?? ''} (${group[0]?.what ?? ''})`;
}

/** What a run has to say of the steps of the ladder below a process for each task; nothing when every task had its own. */
export function tellSteps({ tasks, lane, why }: Pick<RunOutcome, 'tasks' | 'lane' | 'why'>): readonly Diagnostic[] {
  if (lane) return [inform('CW511', { message: `All cells ran in one process: ${why ?? ''}.`, help: inOne }, [])];
  const shared = tasks.filter(({ fused = [], status }) => fused.length > 0 && status !== 'not-run');
  if (shared.length === 0) return [];
  const reasons = [...new Set(shared.flatMap(({ fused = [] }) => describeShared(fused)))];
  const most = reasons.slice(0, 3).join('; ');
  const more = reasons.length > 3 ? `; and ${String(reasons.length - 3)} more` : '';
  const cells = shared.length === 1 ? '1 cell' : `${String(shared.length)} cells`;
  const message = `${cells} shared the process of an earlier one, which alone has ${most}${more}.`;
  return [inform('CW510', { message, help: inShared }, shared)];
}

const inShared = 'The result is the same. These cells run one after the other; explain NB says it for each of them.';
const inOne = 'The result is the same. The cells run one after the other, and are reused all together or not at all.';

function inform(
  code: DiagnosticCode,
  said: Pick<Diagnostic, 'message' | 'help'>,
  tasks: readonly TaskOutcome[],
): Diagnostic {
  const related = tasks.map(({ task, fused = [] }) => ({
    message: `${task.name}: ${describeShared(fused).join('; ')}`,
    location: { cell: task.id, index: task.index },
  }));
  const [first] = related;
  return { code, severity: 'info', ...said, related, ...(first !== undefined && { location: first.location }) };
}
