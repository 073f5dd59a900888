import type { Task } from '../../bundle/format.ts';
import { engineSteps, tasksOf, type EngineStep } from './engine-steps.ts';
import { asName, keywords, workflowName } from './step-names.ts';
import type { Emission } from './target.ts';

/** A step as a task of Flyte. */
export interface FlyteStep extends Pick<EngineStep, 'step' | 'above' | 'parameters' | 'cache'> {
  /** Secrets that it asks Flyte for. */
  readonly secrets: readonly string[];
  /** The name of its function. */
  readonly function: string;
  /** Functions of the steps whose results it is given; those behind them are named by these. */
  readonly needs: readonly string[];
  readonly metrics: readonly { readonly name: string; readonly output: string }[];
  /** True when it leaves files that a run has seen. */
  readonly leavesFiles: boolean;
}

/** The steps of a plan with everything that both SDKs' files say of them. */
export function flyteSteps(emission: Emission): readonly FlyteStep[] {
  const { plan, bundle, settings } = emission;
  const tasks = new Map(bundle.tasks.map((task) => [task.id, task]));
  const parameters = settings.parameters.map(({ name }) => name);
  return engineSteps(emission, [...ownNames, ...parameters, workflowName(emission.stem)]).map((one) => {
    const cells = plan.cells.filter((cell) => cell.step === one.step.name);
    return {
      step: one.step,
      secrets: [...one.step.secrets, ...(settings.signed ? [runKey] : [])],
      function: one.name,
      above: one.above,
      needs: one.needs.map(({ name }) => name),
      parameters: one.parameters,
      metrics: metricsOf(tasksOf(one.step, tasks), parameters),
      leavesFiles: cells.some(({ observed, files }) => observed && files.writes.length > 0),
      cache: one.cache,
    };
  });
}

/** The environment variable with the key of the run. */
const runKey = 'CELLWRIGHT_RUN_KEY';

/** What the emitted files themselves name. */
const ownNames =
  'sys os subprocess ENGINE asyncio partial step flyte timedelta Path NamedTuple Cache CronSchedule ImageSpec LaunchPlan Resources Secret FlyteFile File StepOutputs StepResult Project flyte_files task workflow executed_notebook done NOTEBOOK IMAGE env driver main'.split(
    ' ',
  );

function metricsOf(tasks: readonly Task[], reserved: readonly string[]): FlyteStep['metrics'] {
  const taken = new Set<string>(['result', 'report', 'files', ...keywords, ...reserved]);
  const names = new Set(tasks.flatMap(({ measures }) => measures?.metrics.map(({ name }) => name) ?? []));
  return [...names].map((name) => {
    const plain = asName(name, 'metric').replace(/^_+/, '');
    const output = taken.has(plain) ? `metric_${plain}` : plain;
    taken.add(output);
    return { name, output };
  });
}
