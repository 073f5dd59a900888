import { describeVerdict } from '../measures/verdict.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import type { RunRecord } from '../record.ts';
import type { TaskOutcome } from '../run-state.ts';
import { escapeHtml } from './ansi.ts';
import { commitOf, personOf, timeOf } from './record-words.ts';

/** What there is to say first. */
export interface Told {
  readonly record: Pick<RunRecord, 'status' | 'tasks' | 'seconds' | 'lane'>;
  readonly run: RecordedRun | undefined;
  /** HTML of what changed since the previous run; empty when there was none. */
  readonly since: string;
}

/** How a run ended and why: one word, one sentence, a few numbers. */
export function verdictBanner({ record, run, since }: Told): string {
  const all = record.tasks.filter(({ task }) => task.executionCount > 0);
  const number = (status: TaskOutcome['status']): number => all.filter((outcome) => outcome.status === status).length;
  const { word, sentence, isGood } = judge(record, all);
  const when = number('cached') > 0 ? ', in an earlier run' : '';
  const where = record.lane ? `<p>All cells ran in one process${when}.</p>` : '';
  const changes = since === '' ? '' : `<p>${since}</p>`;
  const facts = [
    `${number('ran')} ran`,
    `${number('cached')} reused`,
    ...(number('failed') > 0 ? [`${number('failed')} failed`] : []),
    ...(number('not-run') > 0 ? [`${number('not-run')} not run`] : []),
    `${record.seconds.toFixed(2)} s`,
    ...(run === undefined ? [] : [`${timeOf(run.from)} UTC`, personOf(run), commitOf(run)]),
  ].filter((fact) => fact !== '');
  const items = facts.map((fact) => `<li>${escapeHtml(fact)}</li>`).join('');
  return `<section class="verdict ${isGood ? 'good' : 'bad'}" aria-label="Verdict"><p class="said"><strong>${word}</strong> ${escapeHtml(sentence)}</p>${where}${changes}<ul class="facts">${items}</ul></section>`;
}

interface Judged {
  readonly word: string;
  readonly sentence: string;
  readonly isGood: boolean;
}

function judge({ status }: Told['record'], all: readonly TaskOutcome[]): Judged {
  if (status === 'refused') {
    const sentence = 'The run was refused: the result could not be shown to be right.';
    return { word: 'refused', sentence, isGood: false };
  }
  const failed = all.find((outcome) => outcome.status === 'failed' && !outcome.task.directives.raisesException);
  const verdicts = all.flatMap(({ task, verdicts: own = [] }) => own.map((verdict) => ({ task, verdict })));
  const gate = verdicts.find(({ verdict }) => !verdict.holds);
  if (gate !== undefined && (failed === undefined || failed.task.index >= gate.task.index)) {
    const sentence = `The gate does not hold in ${gate.task.name}: ${describeVerdict(gate.verdict)}`;
    return { word: 'stopped at a gate', sentence, isGood: false };
  }
  if (failed !== undefined) {
    const error = failed.outputs.findLast((output) => output.kind === 'error');
    const sentence = `The cell raised in ${failed.task.name}: ${error?.ename ?? 'error'}: ${error?.evalue ?? ''}`;
    return { word: 'failed', sentence, isGood: false };
  }
  const left = all.filter((outcome) => outcome.status === 'not-run').length;
  const gates =
    verdicts.length === 0 ? '' : verdicts.length === 1 ? ' The gate holds.' : ` All ${verdicts.length} gates hold.`;
  if (left > 0) {
    const sentence = `The run stopped where it was asked to; ${left} ${left === 1 ? 'cell' : 'cells'} did not run.${gates}`;
    return { word: status, sentence, isGood: status === 'ok' };
  }
  return { word: status, sentence: `Every cell ran to its end.${gates}`, isGood: status === 'ok' };
}
