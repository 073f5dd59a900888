import { quoted } from '../shell-steps.ts';
import { engineEnvironment } from './engine-environment.ts';
import { engineSteps, secondsFor, type EngineStep } from './engine-steps.ts';
import { neededPython, requirementsFile } from './requirements-file.ts';
import { docstring, pythonText } from './python-text.ts';
import { pythonValue, variantTable } from './python-values.ts';
import type { Emission, EngineParameter, EngineSettings, Target } from './target.ts';

/** A Snakefile: one rule a step, run again when its code, its parameters, or what it reads has changed. */
export const snakemakeTarget: Target = {
  name: 'snakemake',
  help: 'a Snakefile: snakemake --cores 2 --snakefile DIR/Snakefile',
  takesParameters: true,
  without: ['schedule', 'signed'],
  emit: (emission) => [{ path: 'Snakefile', text: snakefile(emission) }, ...requirementsFile(emission.settings)],
};

/** Names that the emitted file has for something else, and Snakemake's own words. */
const ownNames =
  'json os subprocess time environment Path quote HERE ENVIRONMENT CELLS PARAMETERS VARIANTS NOW PYTHON STORE TASK value existing all executed_notebook input output params log resources threads wildcards config workflow rules checkpoints rule checkpoint module use include shell expand code files run_at data'.split(
    ' ',
  );

function snakefile(emission: Emission): string {
  const steps = engineSteps(emission, ownNames);
  const hasVariants = emission.settings.variants.length > 0;
  const parts = [
    head(emission, steps),
    last(steps, hasVariants),
    ...steps.map((step) => rule(emission, step, hasVariants)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function head(emission: Emission, steps: readonly EngineStep[]): string {
  const { bundle, notebookFolder, settings } = emission;
  const about = `${bundle.notebook.name} as rules of Snakemake, one a step. Emitted by cellwright: change the notebook and emit it again.

    snakemake --cores 2 --snakefile Snakefile --config NAME=VALUE

CELLWRIGHT_PYTHON is ${neededPython(settings)} (default: python3), CELLWRIGHT_STORE where values are kept
(default: store, beside this file), CELLWRIGHT_CWD the folder that the cells run in (default: the notebook's).`;
  const variants =
    settings.variants.length === 0
      ? ''
      : variantTable(settings, 'Each variant has rules, and a folder for its cells, of its own.');
  const secrets = [...new Set(steps.flatMap(({ step }) => step.secrets))];
  const known =
    secrets.length === 0 ? '' : `envvars:\n${secrets.map((name) => `    ${pythonText(name)},\n`).join('')}\n\n`;
  return `${docstring(about, '')}

import json
import os
import subprocess
import time
from pathlib import Path
from shlex import quote

HERE = Path(workflow.basedir)
CELLS = Path(os.environ.get("CELLWRIGHT_CWD") or HERE / ${pythonText(notebookFolder)})
PYTHON = os.environ.get("CELLWRIGHT_PYTHON", "python3")
STORE = os.environ.get("CELLWRIGHT_STORE", ${pythonText(settings.store ?? 'store')})
TASK = f"{quote(PYTHON)} bundle/worker/task.py"
${environmentOf(settings)}# For steps whose results are not used again.
NOW = time.time()
${parametersOf(settings.parameters)}${variants}

workdir: workflow.basedir


${known}if "CELLWRIGHT_RUN_KEY" in os.environ:

    envvars:
        "CELLWRIGHT_RUN_KEY",


def value(name, variant=None):
    """A parameter as JSON."""
    given = {**PARAMETERS, **config, **${settings.variants.length > 0 ? 'VARIANTS.get(variant, {})' : '{}'}}
    return json.dumps(given[name])


def existing(*names):
    """Files that are there before the notebook runs; their names have no wildcards."""
    return [str(CELLS / name).replace("{", "{{").replace("}", "}}") for name in names if (CELLS / name).is_file()]
`;
}

/** Another engine or other packages are a reason to run a step again. */
function environmentOf({ runner }: EngineSettings): string {
  if (runner === undefined)
    return `# Another interpreter or other packages are a reason to run a step again.
ENVIRONMENT = subprocess.check_output([PYTHON, str(HERE / "bundle" / "worker" / "task.py"), "environment"], text=True).strip()
`;
  return engineEnvironment(runner, 'ENVIRONMENT', 'CELLS');
}

function parametersOf(parameters: readonly EngineParameter[]): string {
  const rows = parameters.map((one) => `    ${pythonText(one.name)}: ${pythonValue(one)},\n`);
  return `# Others are given with --config or --configfile.\nPARAMETERS = {\n${rows.join('')}}\n`;
}

/** Results of steps, in a folder of its variant where there are variants. */
function fileOf(folder: string, name: string, hasVariants: boolean): string {
  return pythonText(`${folder}/${hasVariants ? '{variant}/' : ''}${name}.json`);
}

function last(steps: readonly EngineStep[], hasVariants: boolean): string {
  const results = steps.map(({ step }) => `        ${fileOf('results', step.name, hasVariants)},\n`).join('');
  const output = hasVariants ? 'executed/{variant}.ipynb' : 'executed.ipynb';
  const target = hasVariants ? 'expand("executed/{variant}.ipynb", variant=VARIANTS)' : pythonText(output);
  return `rule all:
    input:
        ${target},


rule executed_notebook:
    """The notebook with what its cells showed."""
    input:
${results}    output:
        ${pythonText(output)},
    shell:
        "{TASK} collect --bundle bundle --store {STORE:q} --output {output:q} {input:q}"
`;
}

function rule(emission: Emission, one: EngineStep, hasVariants: boolean): string {
  const { step, needs } = one;
  const inputs = needs.map((need) => `        ${need.name}=${fileOf('results', need.step, hasVariants)},\n`);
  const data =
    typeof one.cache === 'string' || one.cache.files.length === 0
      ? []
      : [`        data=existing(${one.cache.files.map(pythonText).join(', ')}),\n`];
  const image = step.resources.image ?? emission.settings.image;
  const about = one.above === '' ? [] : [docstring(one.above, '    ')];
  const parts = [
    ...about,
    ...(inputs.length + data.length === 0 ? [] : [`    input:\n${[...inputs, ...data].join('').trimEnd()}`]),
    `    output:\n        ${fileOf('results', step.name, hasVariants)},`,
    `    log:\n        ${fileOf('logs', step.name, hasVariants)},`,
    `    params:\n${[...paramsOf(one, hasVariants), ...(image === undefined ? ['        environment=ENVIRONMENT,\n'] : [])].join('').trimEnd()}`,
    ...limitsOf(one),
    ...(image === undefined ? [] : [`    container:\n        ${pythonText(`docker://${image}`)}`]),
    `    shell:\n${shellLines(one, hasVariants)}`,
  ];
  return `rule ${one.name}:\n${parts.join('\n')}\n`;
}

/** Another text here is a reason to run the step again. */
function paramsOf({ cache, parameters }: EngineStep, hasVariants: boolean): readonly string[] {
  const code =
    typeof cache === 'string'
      ? [`        # Always run again: ${cache}.\n        run_at=NOW,\n`]
      : [`        code=${pythonText(cache.code)},\n`];
  // Given by a function: braces in a text would be wildcards.
  const variant = hasVariants ? ', wildcards.variant' : '';
  const values = parameters.map(
    ({ name }) => `        ${name}=lambda wildcards: value(${pythonText(name)}${variant}),\n`,
  );
  return [...code, ...values];
}

function limitsOf({ step }: EngineStep): readonly string[] {
  const { cpu, mem, gpu = 0, retries = 0 } = step.resources;
  const seconds = secondsFor(step);
  const resources = [
    ...(mem === undefined ? [] : [`        mem_mb=${String(Math.ceil(mem / 2 ** 20))},`]),
    // Minutes.
    ...(seconds === undefined ? [] : [`        runtime=${String(Math.ceil(seconds / 60))},`]),
    ...(gpu === 0 ? [] : [`        gpu=${String(gpu)},`]),
  ];
  return [
    ...(cpu === undefined ? [] : [`    threads: ${String(Math.max(1, Math.ceil(cpu)))}`]),
    ...(resources.length === 0 ? [] : [`    resources:\n${resources.join('\n')}`]),
    // A gate that does not hold would not hold again.
    ...(retries === 0 || step.gate ? [] : [`    retries: ${String(retries)}`]),
  ];
}

function shellLines(one: EngineStep, hasVariants: boolean): string {
  const { step, needs, parameters, cache } = one;
  const variables = Object.entries(step.resources.env ?? {});
  const set = variables.map(([name, value]) => shellWord(`${name}=${value}`));
  const place = hasVariants ? 'work/{wildcards.variant} --files {CELLS:q}' : '{CELLS:q}';
  const words = [
    ...(set.length === 0 ? [] : [`env ${set.join(' ')} `]),
    `{TASK} run --bundle bundle --store {STORE:q} --step ${step.name} --cwd ${place}`,
    ...needs.map((need) => ` --input=${need.step}={input.${need.name}:q}`),
    ...parameters.map(({ name }) => ` --set-json=${name}={params.${name}:q}`),
    // What failed leaves its log, and no result.
    `${typeof cache === 'string' ? '' : ' --reused'} --output {log:q} && cp {log:q} {output:q}`,
  ];
  return words.map((text) => `        ${pythonText(text)}`).join('\n');
}

/** One word of the shell, with Snakemake's braces doubled. */
function shellWord(word: string): string {
  return quoted(word).replaceAll(/[{}]/g, '$&$&');
}
