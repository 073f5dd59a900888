import { engineSteps, secondsFor, type EngineStep } from './engine-steps.ts';
import { sizeText } from './kubernetes-size.ts';
import { workflowName } from './step-names.ts';
import { textOf, valueWord } from './step-values.ts';
import type { Emission, EngineParameter, EngineSettings, Target } from './target.ts';
import { yamlText, type Mapping } from './yaml-text.ts';

/** A workflow template for Argo Workflows, and what an image of the notebook needs. */
export const argoTarget: Target = {
  name: 'argo',
  help: 'Argo Workflows: argo template create workflow-template.yaml && argo submit --from workflowtemplate/NAME',
  takesParameters: true,
  takesFiles: true,
  emit: (emission) => [
    { path: 'workflow-template.yaml', text: yamlText(emission, 'one pod a step', workflowTemplate(emission)) },
    ...(emission.settings.schedule === undefined
      ? []
      : [
          {
            path: 'cron-workflow.yaml',
            text: yamlText(emission, 'started by the clock', cronWorkflow(emission, emission.settings.schedule)),
          },
        ]),
    { path: 'Dockerfile', text: dockerfile(emission.settings) },
  ],
};

/** Where things are in the image. */
const home = '/opt/cellwright';
/** For what a step gives Argo. */
const given = '/tmp/cellwright';
/** Names with a dash, which no parameter of a notebook has. */
const image = 'cellwright-image';
const store = 'cellwright-store';
const collecting = 'executed-notebook';

/** Packages of Python that speak to a store, by how its address begins. */
const clients: Readonly<Record<string, string>> = { s3: 's3fs', gs: 'gcsfs', abfs: 'adlfs' };

function dockerfile({ runner, store: address = '' }: EngineSettings): string {
  const head = `# The image of the steps: the notebook's environment, and on top of it what was emitted here.
#   cellwright image NB && docker build -t ENVIRONMENT NB.image       # once, and when packages change
#   docker build --build-arg BASE=ENVIRONMENT -t IMAGE .
`;
  if (runner === undefined)
    return `${head}# Any other BASE needs python3 with IPython, what the notebook imports, and the client of the store (s3fs, gcsfs, adlfs).
ARG BASE
FROM \${BASE}
COPY . ${home}
`;
  const client = clients[address.replace(/:\/\/.*$/, '')] ?? '';
  return `${head}# Any other BASE needs python3, ${runner.programs.map(({ name }) => name).join(' and ')} on its path, with the modules of bundle/deno.lock.
# CLIENT is the package of Python that speaks to the store, such as --build-arg CLIENT=s3fs==VERSION; a store in a folder that all pods have needs none.
ARG BASE
FROM \${BASE}
ARG CLIENT=${client}
USER 0:0
RUN if [ -n "$CLIENT" ]; then python3 -m pip install --no-cache-dir "$CLIENT"; fi
USER 10001:10001
COPY . ${home}
`;
}

/** A name as Kubernetes takes it. */
function dashed(name: string): string {
  return name
    .replaceAll('_', '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
}

function parameterList(pairs: readonly (readonly [string, string | undefined])[]): Mapping | undefined {
  if (pairs.length === 0) return undefined;
  return { parameters: pairs.map(([name, value]) => ({ name, value })) };
}

function workflowTemplate(emission: Emission): Mapping {
  const { settings } = emission;
  const name = dashed(workflowName(emission.stem));
  const steps = engineSteps(emission, ['notebook', 'variants', 'executed_notebook']);
  const own = settings.parameters.map((one) => [one.name, textOf(one)] as const);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'WorkflowTemplate',
    metadata: { name },
    spec: {
      entrypoint: settings.variants.length === 0 ? 'notebook' : 'variants',
      arguments: parameterList([[image, settings.image], [store, settings.store], ...own]),
      templates: [
        ...variantsTemplate(emission),
        notebookTemplate(settings.parameters, steps),
        ...steps.map((step) => stepTemplate(step, { secret: name, signed: settings.signed })),
        collectTemplate(steps, name),
      ],
    },
  };
}

/** A DAG of one task for each variant: each has pods of its own. */
function variantsTemplate({ settings: { variants, parameters } }: Emission): readonly Mapping[] {
  const [first] = variants;
  if (first === undefined) return [];
  const varied = new Set(first.values.map(({ name }) => name));
  const from = (name: string): string => `{{${varied.has(name) ? 'item' : 'workflow.parameters'}.${name}}}`;
  const task = {
    name: 'notebook',
    template: 'notebook',
    arguments: parameterList(parameters.map(({ name }) => [name, from(name)])),
    withItems: variants.map(({ values }) => Object.fromEntries(values.map((one) => [one.name, textOf(one)]))),
  };
  return [{ name: 'variants', dag: { failFast: false, tasks: [task] } }];
}

function notebookTemplate(parameters: readonly EngineParameter[], steps: readonly EngineStep[]): Mapping {
  const tasks = steps.map((step) => ({
    name: dashed(step.name),
    template: dashed(step.name),
    depends: step.needs.length === 0 ? undefined : step.needs.map(({ name }) => dashed(name)).join(' && '),
    arguments: parameterList([
      ...step.needs.map(({ name }) => [resultOf(name), outputOf(name, 'manifest')] as const),
      ...step.parameters.map(({ name }) => [name, `{{inputs.parameters.${name}}}`] as const),
    ]),
  }));
  const collect = {
    name: collecting,
    template: collecting,
    depends: steps.map(({ name }) => dashed(name)).join(' && ') || undefined,
    arguments: parameterList(steps.map(({ name }) => [reportOf(name), outputOf(name, 'report')])),
  };
  return {
    name: 'notebook',
    inputs: parameterList(parameters.map(({ name }) => [name, undefined])),
    // What does not depend on a step that failed runs on.
    dag: { failFast: false, tasks: [...tasks, collect] },
  };
}

function resultOf(name: string): string {
  return `${dashed(name)}-result`;
}

function reportOf(name: string): string {
  return `${dashed(name)}-report`;
}

function outputOf(name: string, output: string): string {
  return `{{tasks.${dashed(name)}.outputs.parameters.${output}}}`;
}

/** Where a step has its secrets from. */
interface Secrets {
  /** The name of the secret of Kubernetes. */
  readonly secret: string;
  readonly signed: boolean;
}

function stepTemplate(one: EngineStep, secrets: Secrets): Mapping {
  const { step, needs, parameters } = one;
  const { retries = 0 } = step.resources;
  const words = [
    ...['run', `--bundle=${home}/bundle`, `--store={{workflow.parameters.${store}}}`, `--step=${step.name}`],
    ...needs.map((need) => `--input=${need.step}={{inputs.parameters.${resultOf(need.name)}}}`),
    ...parameters.map((parameter) => valueWord(parameter, `{{inputs.parameters.${parameter.name}}}`)),
    ...[`--files=${home}/files`, '--cwd=/work', `--references=${given}`],
  ];
  const inputs = [...needs.map(({ name }) => resultOf(name)), ...parameters.map(({ name }) => name)];
  return {
    name: dashed(one.name),
    inputs: parameterList(inputs.map((name) => [name, undefined])),
    outputs: { parameters: ['manifest', 'report'].map((name) => ({ name, valueFrom: { path: `${given}/${name}` } })) },
    activeDeadlineSeconds: secondsFor(step),
    // A check or a gate that failed would fail again.
    retryStrategy:
      retries === 0
        ? undefined
        : {
            limit: String(retries),
            retryPolicy: 'Always',
            expression: 'lastRetry.status == "Error" || asInt(lastRetry.exitCode) == 1',
          },
    container: {
      ...commandOf(words, secrets.secret),
      image: step.resources.image ?? `{{workflow.parameters.${image}}}`,
      env: environmentOf(one, secrets),
      resources: resourcesOf(one),
    },
  };
}

/** The task command, with what the client of the store needs to be let in. */
function commandOf(words: readonly string[], secret: string): Mapping {
  return {
    command: ['python3', `${home}/bundle/worker/task.py`],
    args: words,
    envFrom: [{ secretRef: { name: `${secret}-store`, optional: true } }],
  };
}

function environmentOf({ step }: EngineStep, { secret, signed }: Secrets): readonly Mapping[] {
  const plain = Object.entries(step.resources.env ?? {}).map(([name, value]) => ({ name, value }));
  const from = (key: string, optional?: true): Mapping => ({
    name: key,
    valueFrom: { secretKeyRef: { name: secret, key, optional } },
  });
  return [...plain, ...step.secrets.map((name) => from(name)), from('CELLWRIGHT_RUN_KEY', signed ? undefined : true)];
}

function resourcesOf({ step: { resources } }: EngineStep): Mapping | undefined {
  const { cpu, mem, gpu = 0 } = resources;
  const limits = {
    ...(mem === undefined ? {} : { memory: sizeText(mem) }),
    ...(gpu === 0 ? {} : { 'nvidia.com/gpu': String(gpu) }),
  };
  const requests = { ...(cpu === undefined ? {} : { cpu: String(cpu) }), ...limits };
  if (Object.keys(requests).length === 0) return undefined;
  return { requests, limits: Object.keys(limits).length === 0 ? undefined : limits };
}

function collectTemplate(steps: readonly EngineStep[], secret: string): Mapping {
  const file = `${given}/executed.ipynb`;
  const words = [
    ...['collect', `--bundle=${home}/bundle`, `--store={{workflow.parameters.${store}}}`],
    ...steps.map(({ name }) => `--report={{inputs.parameters.${reportOf(name)}}}`),
    `--output=${file}`,
  ];
  return {
    name: collecting,
    inputs: parameterList(steps.map(({ name }) => [reportOf(name), undefined])),
    outputs: { artifacts: [{ name: collecting, path: file, archive: { none: {} } }] },
    container: { ...commandOf(words, secret), image: `{{workflow.parameters.${image}}}` },
  };
}

function cronWorkflow(emission: Emission, schedule: string): Mapping {
  const name = dashed(workflowName(emission.stem));
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'CronWorkflow',
    metadata: { name },
    spec: { schedules: [schedule], concurrencyPolicy: 'Forbid', workflowSpec: { workflowTemplateRef: { name } } },
  };
}
