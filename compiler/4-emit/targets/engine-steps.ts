import type { PlanStep } from '../../bundle/engine-plan.ts';
import type { Task } from '../../bundle/format.ts';
import { takesSecret } from '../engine-plan.ts';
import { markdownAbove } from '../exported-cells.ts';
import { pythonNames } from './step-names.ts';
import type { Emission, EngineParameter } from './target.ts';

/** A step as engines name it. */
export interface EngineStep {
  readonly step: PlanStep;
  /** A name of Python that no other step has. */
  readonly name: string;
  /** The Markdown above its cells. */
  readonly above: string;
  /** The steps whose results it is given; those behind them are named by these. */
  readonly needs: readonly StepNeed[];
  readonly parameters: readonly EngineParameter[];
  readonly cache: StepCache | string;
}

/** A step that another one needs. */
export interface StepNeed {
  /** Its name in the plan. */
  readonly step: string;
  readonly name: string;
}

/** What a step's result depends on beside its inputs; a text instead says why it is never used again. */
export interface StepCache {
  /** Digits for its code. */
  readonly code: string;
  /** From the notebook's folder. */
  readonly files: readonly string[];
}

/** More seconds that an engine gives a step than its cells may take, for its start and its data. */
export const secondsAround = 300;

/**
 * The steps of a plan with what the files of engines say of them.
 * @param reserved names that these files have for something else
 */
export function engineSteps(emission: Emission, reserved: readonly string[]): readonly EngineStep[] {
  const { plan, bundle, settings, notebook } = emission;
  const tasks = new Map(bundle.tasks.map((task) => [task.id, task]));
  const parameters = new Map(settings.parameters.map((one) => [one.name, one]));
  const names = pythonNames(
    plan.steps.map(({ name }) => name),
    reserved,
  );
  const fewest = withoutImplied(plan.steps);
  const nameOf = (step: string): string => names.get(step) ?? step;
  return plan.steps.map((step) => {
    const own = tasksOf(step, tasks);
    return {
      step,
      name: nameOf(step.name),
      above: own.map((task) => markdownAbove(notebook.cells, task)).join('\n\n'),
      needs: (fewest.get(step.name) ?? []).map((need) => ({ step: need, name: nameOf(need) })),
      parameters: step.parameters.flatMap((name) => parameters.get(name) ?? []),
      cache: cacheOf(emission, step, own),
    };
  });
}

/** The tasks of a step, in notebook order. */
export function tasksOf(step: PlanStep, tasks: ReadonlyMap<string, Task>): readonly Task[] {
  return step.tasks.flatMap((id) => tasks.get(id) ?? []);
}

/** Seconds that an engine gives the step; undefined: as many as it takes. */
export function secondsFor({ resources: { timeout } }: PlanStep): number | undefined {
  return timeout === undefined ? undefined : Math.ceil(timeout) + secondsAround;
}

/** For each step the needed ones that no other needed one rests on: a result names all that it was made from. */
function withoutImplied(steps: readonly PlanStep[]): ReadonlyMap<string, readonly string[]> {
  const behind = new Map<string, ReadonlySet<string>>();
  const fewest = new Map<string, readonly string[]>();
  for (const { name, needs } of steps) {
    const implied = new Set(needs.flatMap((need) => [...(behind.get(need) ?? [])]));
    fewest.set(
      name,
      needs.filter((need) => !implied.has(need)),
    );
    behind.set(name, new Set([...needs, ...implied]));
  }
  return fewest;
}

function cacheOf({ plan }: Emission, step: PlanStep, tasks: readonly Task[]): EngineStep['cache'] {
  const cells = plan.cells.filter((cell) => cell.step === step.name);
  if (step.acts) return 'it acts on the outside';
  if (tasks.some(({ directives }) => !directives.cache)) return 'its cell says cache: false';
  if (tasks.some(takesSecret)) return 'it takes a secret';
  // A cell that only gives parameters their values does what its text says.
  if (cells.some(({ observed }) => !observed) && step.parameters.length === 0) return 'no run has observed it';
  const written = new Set(plan.cells.flatMap(({ files }) => files.writes));
  const files = new Set(cells.flatMap((cell) => cell.files.reads.filter((name) => !written.has(name))));
  return { code: step.cacheKey.slice('sha256:'.length, 'sha256:'.length + 16), files: [...files].sort() };
}
