import type { CellState, CellStateName, PanelActivity } from './panel.ts';
import type { RunState } from './run-fold.ts';
import { sayDuration } from './state-words.ts';

const parts: readonly (readonly [readonly CellStateName[], string])[] = [
  [['failed'], 'failed'],
  [['gated'], 'stopped by a gate'],
  [['refused'], 'refused'],
  [['stale'], 'edited'],
  [['will-run', 'not-run'], 'to run'],
  [['cached'], 'cached'],
  [['done', 'fused'], 'done'],
];

/** How things stand, in one line. */
export function statusText(at: {
  readonly activity: PanelActivity;
  readonly run: RunState | undefined;
  readonly states: readonly CellState[];
}): string {
  const { activity, run, states } = at;
  if (activity === 'starting') return 'Starting…';
  if (activity === 'stopping') return 'Stopping…';
  if (activity === 'running' && run !== undefined) {
    if (run.variants.size > 0) return `Running: ${run.variants.size} variants`;
    const ended = [...run.cells.values()].filter(({ status }) => status !== 'running' && status !== 'waiting').length;
    return `Running: ${ended} of ${run.total}`;
  }
  const executed = states.filter(({ number }) => number > 0);
  const count = (names: readonly CellStateName[]): number =>
    executed.filter(({ state }) => names.includes(state)).length;
  const said = [executed.length === 1 ? '1 cell' : `${executed.length} cells`];
  for (const [names, word] of parts) if (count(names) > 0) said.push(`${count(names)} ${word}`);
  if (run?.end === 'ok' && run.seconds !== undefined && count(['will-run', 'stale']) === 0)
    said.push(`last run ${sayDuration(run.seconds)}`);
  return said.join(', ');
}
