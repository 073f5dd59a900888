import type { Summary } from '../2-analyze/effects.ts';
import type { Step } from '../2-analyze/steps.ts';
import type { Entry } from '../knowledge/entry.ts';
import type { Knowledge } from '../knowledge/load.ts';

/** True when a function, as its text alone shows, may look at every variable of the notebook where it cannot be observed. */
export function maySeeEverything(summary: Summary, knowledge: Knowledge): boolean {
  return (
    summary.steps.some((step) => stepMay(step, knowledge)) ||
    summary.methods.some((method) => maySeeEverything(method, knowledge))
  );
}

function stepMay(step: Step, knowledge: Knowledge): boolean {
  if (step.kind === 'bind' || step.kind === 'return')
    return step.value.kind === 'definition' && maySeeEverything(step.value.summary, knowledge);
  if (step.kind !== 'call') return false;
  const { callee } = step.call;
  const entries: readonly (Entry | undefined)[] =
    callee.kind === 'attribute'
      ? knowledge.methodsNamed(callee.name)
      : callee.kind === 'variable' && !callee.local
        ? [knowledge.memberOf(`builtins.${callee.name}`)]
        : [];
  return entries.some((entry) =>
    entry?.effects.some((effect) => effect.kind === 'runs-cell' || (effect.kind === 'every-variable' && !effect.bare)),
  );
}
