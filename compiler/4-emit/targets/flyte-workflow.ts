import { flyteSteps, type FlyteStep } from './flyte-steps.ts';
import {
  aboutWorkflow,
  cacheCall,
  engineLines,
  givenTo,
  inputsOf,
  launchesOf,
  limitsOf,
  outputsClass,
  ownNames,
  projectCall,
  taskText,
  variablesOf,
  workflowOutputs,
} from './flyte-text.ts';
import { sizeText } from './kubernetes-size.ts';
import { call, docstring, list, pythonText } from './python-text.ts';
import { workflowName } from './step-names.ts';
import type { Emission } from './target.ts';

/** `workflow.py`: the notebook for flytekit 1.x. */
export function workflowFile(emission: Emission): string {
  const steps = flyteSteps(emission);
  const name = workflowName(emission.stem);
  const parts = [
    head(emission, steps, name),
    ...steps.flatMap((step) => [
      outputsClass(step, 'FlyteFile'),
      taskText(step, decorator(step, secretGroup(emission))),
    ]),
    collectTask,
    workflowOf(emission, steps, name),
    launchPlans(emission, name),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n\n')}\n`;
}

function head(emission: Emission, steps: readonly FlyteStep[], name: string): string {
  const { settings, bundle } = emission;
  const has = (test: (step: FlyteStep) => boolean): boolean => steps.some(test);
  const plans = settings.variants.length > 0 || settings.schedule !== undefined;
  const names = [
    ...(has(({ cache }) => typeof cache !== 'string') ? ['Cache'] : []),
    ...(settings.schedule === undefined ? [] : ['CronSchedule']),
    ...(settings.lock === undefined ? [] : ['ImageSpec']),
    ...(plans ? ['LaunchPlan'] : []),
    ...(has((step) => requestsOf(step).length > 0) ? ['Resources'] : []),
    ...(has(({ secrets }) => secrets.length > 0) ? ['Secret'] : []),
    'task',
    'workflow',
  ];
  const about = `${bundle.notebook.name} as a Flyte workflow, one task a step. Emitted by cellwright: change the notebook and emit it again.

    pyflyte run workflow.py ${name}
    pyflyte run --remote --copy all workflow.py ${name}`;
  const imports = [
    ...(has(({ step }) => step.resources.timeout !== undefined) ? ['from datetime import timedelta'] : []),
    'from functools import partial',
    'from pathlib import Path',
    'from typing import NamedTuple',
  ];
  const common = ['task', 'container_image=IMAGE', 'environment=NOTEBOOK.environment()'];
  return `${docstring(about, '')}

import ${settings.runner === undefined ? '' : 'subprocess\nimport '}sys
${imports.join('\n')}

from flytekit import ${names.join(', ')}
from flytekit.types.file import FlyteFile

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bundle" / "worker"))

from cellwright_flyte.on_flytekit import ${ownNames(steps)}  # noqa: E402

${engineLines(emission)}NOTEBOOK = ${projectCall(emission, has(({ secrets }) => secrets.length > 0) ? [`secret_group=${pythonText(secretGroup(emission))}`] : [])}
${imageOf(emission)}
# What all steps have in common: the image, what was chosen at registration, and a deck with what the cells show.
step = ${call('partial', [...common, 'enable_deck=True', 'deck_fields=()'])}`;
}

/** The image of all tasks: the locked environment, or the one that `pyflyte --image` names. */
function imageOf({ settings, stem }: Emission): string {
  if (settings.lock === undefined) return 'IMAGE = NOTEBOOK.image()';
  const name = workflowName(stem).replaceAll('_', '-');
  return `IMAGE = NOTEBOOK.image() or ${call('ImageSpec', [`name=${pythonText(name)}`, 'requirements=str(HERE / "requirements.txt")'])}`;
}

/** Sizes as Kubernetes has them. */
function requestsOf({ step: { resources } }: FlyteStep): readonly string[] {
  const { cpu, mem, gpu } = resources;
  return [
    ...(cpu === undefined ? [] : [`cpu=${pythonText(String(cpu))}`]),
    ...(mem === undefined ? [] : [`mem=${pythonText(sizeText(mem))}`]),
    ...(gpu === undefined || gpu === 0 ? [] : [`gpu=${pythonText(String(gpu))}`]),
  ];
}

/** The name of the secret of the platform, whose keys are the notebook's secrets: flytekit registers none without. */
function secretGroup({ stem }: Emission): string {
  return workflowName(stem).replaceAll('_', '-');
}

/** Flyte sets variables in capitals alone; others are set by the task itself. */
function variableFor(name: string): string {
  return /^[A-Z_][A-Z0-9_]*$/.test(name) ? `env_var=${pythonText(name)}, ` : '';
}

function decorator(step: FlyteStep, group: string): string {
  const requests = requestsOf(step);
  const limits = requests.filter((word) => !word.startsWith('cpu'));
  const variables = variablesOf(step);
  const { image } = step.step.resources;
  const secrets = step.secrets.map(
    (name) =>
      `Secret(group=${pythonText(group)}, key=${pythonText(name)}, ${variableFor(name)}mount_requirement=Secret.MountType.ENV_VAR)`,
  );
  return call('@step', [
    ...(typeof step.cache === 'string'
      ? []
      : [`cache=Cache(version=${cacheCall('NOTEBOOK.cache_version', step.cache)})`]),
    ...limitsOf(step),
    ...(requests.length === 0 ? [] : [`requests=${call('Resources', requests)}`]),
    ...(limits.length === 0 ? [] : [`limits=${call('Resources', limits)}`]),
    ...(secrets.length === 0 ? [] : [`secret_requests=[${secrets.join(', ')}]`]),
    ...(image === undefined ? [] : [`container_image=${pythonText(image)}`]),
    ...(variables === undefined ? [] : [`environment=${variables}`]),
  ]);
}

const collectTask = `@task(container_image=IMAGE, environment=NOTEBOOK.environment())
def executed_notebook(reports: list[str]) -> FlyteFile:
    """The notebook with what its cells showed."""
    return NOTEBOOK.collect(reports)`;

function workflowOf({ settings }: Emission, steps: readonly FlyteStep[], name: string): string {
  const outputs = steps.flatMap((step) => workflowOutputs(step, 'FlyteFile').map((one) => ({ ...one, step })));
  const fields = ['executed_notebook: FlyteFile', ...outputs.map((one) => `${one.name}: ${one.type}`)];
  const calls = steps.map((step) => {
    const args = givenTo(step, (name) => `${name}_step.result`);
    return `    ${step.function}_step = ${call(step.function, args, '    ')}`;
  });
  const reports = list(
    steps.map((step) => `${step.function}_step.report`),
    '            ',
  );
  const notebook = call('executed_notebook', [`reports=${reports}`], '        ');
  const values = [notebook, ...outputs.map(({ step, field }) => `${step.function}_step.${field}`)];
  return `class WorkflowOutputs(NamedTuple):
${fields.map((field) => `    ${field}`).join('\n')}


@workflow
${call(`def ${name}`, inputsOf(settings))} -> WorkflowOutputs:
${docstring(aboutWorkflow(settings), '    ')}
${calls.join('\n')}
    return ${call('WorkflowOutputs', values, '    ')}`;
}

function launchPlans({ settings }: Emission, name: string): string {
  const { schedule } = settings;
  const when = schedule === undefined ? [] : [`schedule=CronSchedule(schedule=${pythonText(schedule)})`];
  return launchesOf(settings, name)
    .map(({ name: own, inputs }) => {
      const fixed = inputs.length === 0 ? [] : [`fixed_inputs={${inputs.join(', ')}}`];
      return `${own} = ${call('LaunchPlan.get_or_create', [`workflow=${name}`, `name=${pythonText(own)}`, ...fixed, ...when])}`;
    })
    .join('\n');
}
