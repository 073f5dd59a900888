import { engineEnvironment } from './engine-environment.ts';
import { secondsFor } from './engine-steps.ts';
import type { FlyteStep } from './flyte-steps.ts';
import { call, docstring, pythonText } from './python-text.ts';
import type { Emission, EngineParameter, EngineSettings } from './target.ts';

/** What an emitted file takes from the package that goes with it. */
export function ownNames(steps: readonly FlyteStep[]): string {
  const files = steps.some((step) => step.leavesFiles) ? ['flyte_files'] : [];
  return ['Project', 'StepOutputs', 'StepResult', ...files].join(', ');
}

/** The project, as the emitted file makes it. @param more further arguments */
export function projectCall({ settings, notebookFolder }: Emission, more: readonly string[] = []): string {
  const { lock: locked, runner } = settings;
  const own = locked === undefined ? [] : [`lock=${pythonText(locked.digest)}`];
  const lock = runner === undefined ? own : ['lock=ENGINE'];
  return call('Project', ['HERE', `notebook_folder=${pythonText(notebookFolder)}`, ...lock, ...more]);
}

/** What stands before the project where Python does not run the cells. */
export function engineLines({ settings: { runner }, notebookFolder }: Emission): string {
  return runner === undefined ? '' : engineEnvironment(runner, 'ENGINE', `HERE / ${pythonText(notebookFolder)}`);
}

/** The task of a step: why it is not cached, its decorator, and its function, which is the same for both SDKs. */
export function taskText(step: FlyteStep, decorator: string): string {
  const why = typeof step.cache === 'string' ? `# Not cached: ${step.cache}.\n` : '';
  return `${why}${decorator}
${call(`def ${step.function}`, argumentsOf(step))} -> ${outputsName(step)}:
${docstring(step.above, '    ')}
    done = ${runCall(step)}
    return ${resultOf(step)}`;
}

/** A call with what the cached result of a step depends on. */
export function cacheCall(name: string, { code, files }: Exclude<FlyteStep['cache'], string>): string {
  const list = files.length === 0 ? [] : [`files=[${files.map(pythonText).join(', ')}]`];
  return call(name, [pythonText(code), ...list]);
}

/** What a decorator says of further tries and of time. */
export function limitsOf({ step }: FlyteStep): readonly string[] {
  const { retries = 0 } = step.resources;
  const seconds = secondsFor(step);
  return [
    ...(retries === 0 ? [] : [`retries=${String(retries)}`]),
    ...(seconds === undefined ? [] : [`timeout=timedelta(seconds=${String(seconds)})`]),
  ];
}

/** The environment variables of a step, beside those of all; undefined when it has none of its own. */
export function variablesOf({ step: { resources } }: FlyteStep): string | undefined {
  const own = Object.entries(resources.env ?? {}).map(([name, value]) => `${pythonText(name)}: ${pythonText(value)}`);
  return own.length === 0 ? undefined : `{**NOTEBOOK.environment(), ${own.join(', ')}}`;
}

/** What the task of a step is called with. @param resultOfStep the variable with the result of a function */
export function givenTo(step: FlyteStep, resultOfStep: (name: string) => string): readonly string[] {
  return [
    ...step.needs.map((need) => `${need}=${resultOfStep(need)}`),
    ...step.parameters.map(({ name }) => `${name}=${name}`),
  ];
}

function className(name: string): string {
  return `${name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Outputs`;
}

function isPlain({ metrics, leavesFiles }: FlyteStep): boolean {
  return metrics.length === 0 && !leavesFiles;
}

/** The type of what the task of a step gives; the common one for those that give nothing of their own. */
export function outputsClass(step: FlyteStep, file: 'File' | 'FlyteFile'): string {
  if (isPlain(step)) return '';
  return `class ${className(step.function)}(NamedTuple):
    result: StepResult
    report: str
${step.metrics.map(({ output }) => `    ${output}: float\n`).join('')}${step.leavesFiles ? `    files: dict[str, ${file}]\n` : ''}`.trimEnd();
}

/** The call of the step, which is the same for both SDKs. */
function runCall({ step, secrets, needs, parameters, cache }: FlyteStep): string {
  const given = parameters.map(({ name, type }) => {
    const value = type === 'json' ? `NOTEBOOK.from_json(${name})` : name;
    return `${pythonText(name)}: ${value}`;
  });
  return call(
    'NOTEBOOK.run_step',
    [
      pythonText(step.name),
      ...needs,
      ...(given.length === 0 ? [] : [`parameters={${given.join(', ')}}`]),
      ...(secrets.length === 0 ? [] : [`secrets=[${secrets.map(pythonText).join(', ')}]`]),
      ...(typeof cache === 'string' ? ['cached=False'] : []),
    ],
    '    ',
  );
}

function typeOf(type: EngineParameter['type']): string {
  return type === 'json' ? 'str' : type;
}

/** What the task gives, from how the step ended. */
function resultOf(step: FlyteStep): string {
  const values = [
    'done.result',
    'done.report',
    ...step.metrics.map(({ name }) => `done.metric(${pythonText(name)})`),
    ...(step.leavesFiles ? ['flyte_files(done)'] : []),
  ];
  return `${outputsName(step)}(${values.join(', ')})`;
}

/** The name of its type. */
export function outputsName(step: FlyteStep): string {
  return isPlain(step) ? 'StepOutputs' : className(step.function);
}

/** Arguments of the function of a step, with their types. */
function argumentsOf({ needs, parameters }: FlyteStep): readonly string[] {
  return [
    ...needs.map((need) => `${need}: StepResult`),
    ...parameters.map(({ name, type }) => `${name}: ${typeOf(type)}`),
  ];
}

/** Arguments of the workflow, with their types and defaults. */
export function inputsOf({ parameters }: EngineSettings): readonly string[] {
  return parameters.map(({ name, type, python }) => `${name}: ${typeOf(type)} = ${python}`);
}

/** What is said of the workflow. */
export function aboutWorkflow({ parameters }: EngineSettings): string {
  const json = parameters.filter(({ type }) => type === 'json').map(({ name }) => name);
  const asJson = json.length === 0 ? '' : ` As JSON text: ${json.join(', ')}.`;
  return `The notebook: what it shows, what it measures and the files that it leaves.${asJson}`;
}

/** What the workflow gives of a step. */
export function workflowOutputs(
  step: FlyteStep,
  file: 'File' | 'FlyteFile',
): readonly { readonly name: string; readonly field: string; readonly type: string }[] {
  return [
    ...step.metrics.map(({ output }) => ({ name: `${step.function}_${output}`, field: output, type: 'float' })),
    ...(step.leavesFiles ? [{ name: `${step.function}_files`, field: 'files', type: `dict[str, ${file}]` }] : []),
  ];
}

/** A way to start the workflow: a variant, or the one that the schedule starts. */
export interface Launch {
  readonly name: string;
  /** Members of a dict. */
  readonly inputs: readonly string[];
}

/** One for each variant; without variants one when there is a schedule. */
export function launchesOf({ schedule, variants }: EngineSettings, workflow: string): readonly Launch[] {
  const all = variants.length > 0 ? variants : schedule === undefined ? [] : [{ name: 'scheduled', values: [] }];
  const taken = new Set<string>();
  return all.map((variant) => {
    const words = variant.name.replaceAll(/[^A-Za-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '');
    const plain = `${workflow}_${words}`;
    const name = taken.has(plain) ? `${plain}_${String(taken.size + 1)}` : plain;
    taken.add(name);
    return { name, inputs: variant.values.map((value) => `${pythonText(value.name)}: ${value.python}`) };
  });
}
