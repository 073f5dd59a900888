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

/** `workflow_v2.py`: the notebook for the SDK of Flyte 2, where a task drives the others. */
export function workflowFile2(emission: Emission): string {
  const steps = flyteSteps(emission);
  const name = workflowName(emission.stem);
  const environments = environmentsOf(steps, name);
  const parts = [
    head(emission, steps, environments),
    ...steps.flatMap((step) => [outputsClass(step, 'File'), taskText(step, decorator(step, environments))]),
    collectTask,
    driverOf(emission, steps, name),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n\n')}\n`;
}

/** Steps that need the same of their container have one environment; `text` is empty for the common one. */
interface Environment {
  readonly variable: string;
  readonly text: string;
  readonly steps: readonly string[];
}

function environmentsOf(steps: readonly FlyteStep[], name: string): readonly Environment[] {
  const groups = new Map<string, string[]>();
  for (const step of steps) {
    const needed = neededOf(step).join('\n');
    groups.set(needed, [...(groups.get(needed) ?? []), step.function]);
  }
  const special = [...groups].filter(([needed]) => needed !== '');
  return special.map(([needed, own], place) => {
    const variable = `env_${String(place + 2)}`;
    const named = `name=${pythonText(`${name}_${String(place + 2)}`)}`;
    return { variable, text: `${variable} = ${call('env.clone_with', [named, ...needed.split('\n')])}`, steps: own };
  });
}

function neededOf(step: FlyteStep): readonly string[] {
  const { cpu, mem, gpu, image } = step.step.resources;
  const resources = [
    ...(cpu === undefined ? [] : [`cpu=${pythonText(String(cpu))}`]),
    ...(mem === undefined ? [] : [`memory=${pythonText(sizeText(mem))}`]),
    ...(gpu === undefined || gpu === 0 ? [] : [`gpu=${String(gpu)}`]),
  ];
  const variables = variablesOf(step);
  const secrets = step.secrets.map((name) => `flyte.Secret(key=${pythonText(name)}, as_env_var=${pythonText(name)})`);
  return [
    ...(image === undefined ? [] : [`image=${pythonText(image)}`]),
    ...(resources.length === 0 ? [] : [`resources=flyte.Resources(${resources.join(', ')})`]),
    ...(variables === undefined ? [] : [`env_vars=${variables}`]),
    ...(secrets.length === 0 ? [] : [`secrets=[${secrets.join(', ')}]`]),
  ];
}

function head(emission: Emission, steps: readonly FlyteStep[], special: readonly Environment[]): string {
  const { bundle, settings, stem } = emission;
  const name = workflowName(stem);
  const about = `${bundle.notebook.name} for Flyte 2, one task a step. Emitted by cellwright: change the notebook and emit it again.

    flyte run --local workflow_v2.py ${name}
    flyte run --copy-style all workflow_v2.py ${name}
`;
  const image =
    settings.lock === undefined
      ? '"auto"'
      : 'flyte.Image.from_debian_base().with_requirements(HERE / "requirements.txt")';
  const hasTuple = steps.some((step) => outputsClass(step, 'File') !== '');
  const hasTimeout = steps.some(({ step }) => step.resources.timeout !== undefined);
  return `${docstring(about.trimEnd(), '')}

import asyncio
${settings.runner === undefined ? '' : 'import subprocess\n'}import sys
${hasTimeout ? 'from datetime import timedelta\n' : ''}from pathlib import Path
${hasTuple ? 'from typing import NamedTuple\n' : ''}
import flyte
from flyte.io import File

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bundle" / "worker"))

from cellwright_flyte.on_flyte2 import ${ownNames(steps)}  # noqa: E402

${engineLines(emission)}NOTEBOOK = ${projectCall(emission)}
IMAGE = NOTEBOOK.image() or ${image}
env = flyte.TaskEnvironment(name=${pythonText(name)}, image=IMAGE, env_vars=NOTEBOOK.environment())
${special.map(({ text }) => `${text}\n`).join('')}${driverEnvironment(name, special)}`;
}

function driverEnvironment(name: string, special: readonly Environment[]): string {
  const below = ['env', ...special.map(({ variable }) => variable)];
  return `driver = ${call('env.clone_with', [`name=${pythonText(`${name}_driver`)}`, `depends_on=[${below.join(', ')}]`])}`;
}

function decorator(step: FlyteStep, environments: readonly Environment[]): string {
  const own = environments.find(({ steps }) => steps.includes(step.function))?.variable ?? 'env';
  return call(`@${own}.task`, [
    ...(typeof step.cache === 'string' ? [] : [`cache=${cacheCall('NOTEBOOK.cache', step.cache)}`]),
    ...limitsOf(step),
    'report=True',
  ]);
}

const collectTask = `@env.task
def executed_notebook(reports: list[str]) -> File:
    """The notebook with what its cells showed."""
    return NOTEBOOK.collect(reports)`;

/** Steps in waves: those of one need only what earlier ones gave, so they run at the same time. */
function wavesOf(steps: readonly FlyteStep[]): readonly (readonly FlyteStep[])[] {
  const levels = new Map<string, number>();
  const waves: FlyteStep[][] = [];
  for (const step of steps) {
    const level = Math.max(-1, ...step.needs.map((need) => levels.get(need) ?? 0)) + 1;
    levels.set(step.function, level);
    (waves[level] ??= []).push(step);
  }
  return waves;
}

function driverOf({ settings }: Emission, steps: readonly FlyteStep[], name: string): string {
  const outputs = steps.flatMap((step) => workflowOutputs(step, 'File').map((one) => ({ ...one, step })));
  const types = ['File', ...outputs.map(({ type }) => type)];
  const triggers = triggersOf(settings, name);
  const reports = list(
    steps.map((step) => `${step.function}_report`),
    '        ',
  );
  const values = ['notebook', ...outputs.map((one) => variableOf(one.step, one.field))];
  const given = types.length === 1 ? 'File' : `tuple[${types.join(', ')}]`;
  return `@driver.task${triggers.length === 0 ? '' : `(triggers=(${triggers.map((one) => `\n    ${one},`).join('')}\n))`}
async ${call(`def ${name}`, inputsOf(settings))} -> ${given}:
${docstring(aboutWorkflow(settings), '    ')}
${wavesOf(steps).map(waveText).join('\n')}
    notebook = await ${call('executed_notebook.aio', [`reports=${reports}`], '    ')}
    return ${values.join(', ')}`;
}

function variableOf(step: FlyteStep, field: string): string {
  return `${step.function}_${field}`;
}

function waveText(wave: readonly FlyteStep[]): string {
  const targets = wave.map((step) => {
    const fields = [
      'result',
      'report',
      ...step.metrics.map(({ output }) => output),
      ...(step.leavesFiles ? ['files'] : []),
    ];
    return fields.map((field) => variableOf(step, field)).join(', ');
  });
  const calls = wave.map((step) =>
    call(
      `${step.function}.aio`,
      givenTo(step, (name) => `${name}_result`),
      '        ',
    ),
  );
  if (wave.length === 1) return `    ${targets[0] ?? ''} = await ${calls[0] ?? ''}`;
  const left = targets.map((target) => `        (${target}),\n`).join('');
  return `    (\n${left}    ) = await ${call('asyncio.gather', calls, '    ')}`;
}

function triggersOf(settings: Emission['settings'], name: string): readonly string[] {
  const { schedule } = settings;
  const when = schedule === undefined ? [] : [`automation=flyte.Cron(${pythonText(schedule)})`];
  return launchesOf(settings, name).map(({ name: own, inputs }) => {
    const given = inputs.length === 0 ? [] : [`inputs={${inputs.join(', ')}}`];
    return `flyte.Trigger(${[`name=${pythonText(own)}`, ...when, ...given].join(', ')})`;
  });
}
