import type { PlanStep } from '../../bundle/engine-plan.ts';
import type { Task } from '../../bundle/format.ts';
import { markdownAbove } from '../exported-cells.ts';
import { pythonKnowledge } from '../../knowledge/load.ts';
import type { Emission, EngineParameter } from './target.ts';

/** A step as a task of Flyte. */
export interface FlyteStep {
  readonly step: PlanStep;
  /** The name of its function. */
  readonly function: string;
  /** The Markdown above its cells. */
  readonly above: string;
  /** Functions of the steps whose results it is given; those behind them are named by these. */
  readonly needs: readonly string[];
  readonly parameters: readonly EngineParameter[];
  readonly metrics: readonly { readonly name: string; readonly output: string }[];
  /** True when it leaves files that a run has seen. */
  readonly leavesFiles: boolean;
  /** What its cached result depends on beside its inputs; a text says why it has none. */
  readonly cache: { readonly code: string; readonly files: readonly string[] } | string;
}

/** The steps of a plan with everything that both SDKs' files say of them. */
export function flyteSteps(emission: Emission): readonly FlyteStep[] {
  const { plan, bundle, settings, notebook } = emission;
  const tasks = new Map(bundle.tasks.map((task) => [task.id, task]));
  const parameters = new Map(settings.parameters.map((one) => [one.name, one]));
  const names = functionNames(
    plan.steps.map(({ name }) => name),
    [...parameters.keys(), workflowName(emission.stem)],
  );
  const fewest = withoutImplied(plan.steps);
  return plan.steps.map((step) => {
    const own = step.tasks.flatMap((id) => tasks.get(id) ?? []);
    const cells = plan.cells.filter((cell) => cell.step === step.name);
    return {
      step,
      function: names.get(step.name) ?? step.name,
      above: own.map((task) => markdownAbove(notebook.cells, task)).join('\n\n'),
      needs: (fewest.get(step.name) ?? []).map((name) => names.get(name) ?? name),
      parameters: step.parameters.flatMap((name) => parameters.get(name) ?? []),
      metrics: metricsOf(own, [...parameters.keys()]),
      leavesFiles: cells.some(({ observed, files }) => observed && files.writes.length > 0),
      cache: cacheOf(emission, step, own),
    };
  });
}

/** A name of Python for the workflow. */
export function workflowName(stem: string): string {
  return asName(
    stem
      .toLowerCase()
      .replaceAll(/\W+/g, '_')
      .replaceAll(/^_+|_+$/g, ''),
    'notebook',
  );
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

const keywords =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case type'.split(
    ' ',
  );
/** What the emitted files themselves name. */
const ownNames =
  'sys os asyncio partial step flyte timedelta Path NamedTuple Cache CronSchedule ImageSpec LaunchPlan Resources Secret FlyteFile File StepOutputs StepResult Project flyte_files task workflow executed_notebook done NOTEBOOK IMAGE env driver main'.split(
    ' ',
  );

/** `07_clean` becomes `clean`, or `clean_07` where that is not free. */
function functionNames(steps: readonly string[], reserved: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set([...keywords, ...ownNames, ...pythonKnowledge.builtinNames, ...reserved]);
  const names = new Map<string, string>();
  for (const step of steps) {
    const [number = '', words = ''] = /^(\d+)_(.*)$/.exec(step)?.slice(1) ?? ['', step];
    const plain = asName(shortened(words), 'step');
    const own = taken.has(plain) ? `${plain}_${number}` : plain;
    taken.add(own);
    names.set(step, own);
  }
  return names;
}

/** A heading makes a long name: so many whole words of it are enough. */
function shortened(words: string): string {
  const short = words.length <= 24 ? words : words.slice(0, 25).replace(/_[^_]*$/, '');
  return short.replaceAll(/^_+|_+$/g, '');
}

function asName(words: string, otherwise: string): string {
  const plain = words.replaceAll(/[^A-Za-z0-9_]/g, '_');
  if (plain === '') return otherwise;
  return /^\d/.test(plain) || keywords.includes(plain) ? `${otherwise}_${plain}` : plain;
}

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

function cacheOf({ plan }: Emission, step: PlanStep, tasks: readonly Task[]): FlyteStep['cache'] {
  const cells = plan.cells.filter((cell) => cell.step === step.name);
  if (step.acts) return 'it acts on the outside';
  if (tasks.some(({ directives }) => !directives.cache)) return 'its cell says cache: false';
  // A cell that only gives parameters their values does what its text says.
  if (cells.some(({ observed }) => !observed) && step.parameters.length === 0) return 'no run has observed it';
  const written = new Set(plan.cells.flatMap(({ files }) => files.writes));
  const files = new Set(cells.flatMap((cell) => cell.files.reads.filter((name) => !written.has(name))));
  return { code: step.cacheKey.slice('sha256:'.length, 'sha256:'.length + 16), files: [...files].sort() };
}
