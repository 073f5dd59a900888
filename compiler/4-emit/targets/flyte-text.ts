import type { FlyteStep } from './flyte-steps.ts';
import { call, pythonText } from './python-text.ts';
import type { EngineParameter, EngineSettings } from './target.ts';

/** So many seconds a task may take beyond its cells, for its start and its data. */
export const around = 300;

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
export function runCall({ step, needs, parameters, cache }: FlyteStep): string {
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
      ...(step.secrets.length === 0 ? [] : [`secrets=[${step.secrets.map(pythonText).join(', ')}]`]),
      ...(typeof cache === 'string' ? ['cached=False'] : []),
    ],
    '    ',
  );
}

export function typeOf(type: EngineParameter['type']): string {
  return type === 'json' ? 'str' : type;
}

/** What the task gives, from how the step ended. */
export function resultOf(step: FlyteStep): string {
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
export function argumentsOf({ needs, parameters }: FlyteStep): readonly string[] {
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

/** Bytes as Kubernetes has them, in the largest unit that leaves no rest. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const)
    if (bytes % size === 0) return `${String(bytes / size)}${unit}`;
  return String(bytes);
}
