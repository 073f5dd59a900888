import { engineSteps, secondsFor, type EngineStep } from './engine-steps.ts';
import { sizeText } from './kubernetes-size.ts';
import { call, docstring, list, pythonText } from './python-text.ts';
import { pythonValue, variantTable } from './python-values.ts';
import { requirementsFile } from './requirements-file.ts';
import { workflowName } from './step-names.ts';
import type { Emission, Target } from './target.ts';

/** A DAG for Airflow 3: one task a step. */
export const airflowTarget: Target = {
  name: 'airflow',
  help: 'a DAG for Airflow 3: put the project into the DAGs folder; airflow dags test NAME',
  takesParameters: true,
  without: ['signed'],
  emit: (emission) => [
    { path: 'dag.py', text: dagFile(emission) },
    // The worker's files are no DAGs.
    { path: '.airflowignore', text: 'bundle/\n' },
    ...requirementsFile(emission.settings),
  ],
};

/** Names that the emitted file has for something else. */
const ownNames =
  'datetime timedelta timezone Path sys DAG Param TaskGroup task Project HERE NOTEBOOK VARIANTS dag variant executed_notebook'.split(
    ' ',
  );

const aboutVariants = 'Values of parameters; each variant has tasks, and a folder, of its own.';

function dagFile(emission: Emission): string {
  const { settings, stem } = emission;
  const steps = engineSteps(emission, ownNames);
  const name = workflowName(stem);
  const hasVariants = settings.variants.length > 0;
  const body = [
    ...steps.map((step) => taskOf(step, hasVariants)),
    collectTask(steps, hasVariants),
    hasVariants
      ? `for variant in VARIANTS:\n    with TaskGroup(variant):\n${graph(steps, '        ')}`
      : graph(steps, ''),
  ];
  return `${head(emission, steps)}

${call('with DAG', dagArguments(emission, name))} as dag:
${body.map(indented).join('\n\n')}
`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ');
}

function head(emission: Emission, steps: readonly EngineStep[]): string {
  const { bundle, settings, notebookFolder } = emission;
  const hasVariants = settings.variants.length > 0;
  const hasLimits = steps.some(({ step }) => secondsFor(step) !== undefined);
  const names = [
    'DAG',
    ...(settings.parameters.length > 0 ? ['Param'] : []),
    ...(hasVariants ? ['TaskGroup'] : []),
    'task',
  ];
  const about = `${bundle.notebook.name} as a DAG of Airflow, one task a step. Emitted by cellwright: change the notebook and emit it again.`;
  const options = [
    ...(settings.image === undefined ? [] : [`image=${pythonText(settings.image)}`]),
    ...(settings.store === undefined ? [] : [`store=${pythonText(settings.store)}`]),
    ...(hasVariants ? ['variants=VARIANTS'] : []),
  ];
  return `${docstring(about, '')}

import ${settings.parameters.some(({ type }) => type === 'json') ? 'json\nimport ' : ''}sys
from datetime import datetime, ${hasLimits ? 'timedelta, ' : ''}timezone
from pathlib import Path

from airflow.sdk import ${names.join(', ')}

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "bundle" / "worker"))

from cellwright_airflow.on_airflow import Project  # noqa: E402

${hasVariants ? variantTable(settings, aboutVariants) : ''}NOTEBOOK = ${call('Project', ['HERE', `notebook_folder=${pythonText(notebookFolder)}`, ...options])}
`;
}

const typesOfJson = { str: 'string', int: 'integer', float: 'number', bool: 'boolean' } as const;

function dagArguments({ settings, bundle }: Emission, name: string): readonly string[] {
  const parameters = settings.parameters.map((one) => {
    const type = one.type === 'json' ? [] : [`type=${pythonText(typesOfJson[one.type])}`];
    return `${pythonText(one.name)}: ${call('Param', [pythonValue(one), ...type])}`;
  });
  const { schedule } = settings;
  return [
    `dag_id=${pythonText(name)}`,
    `description=${pythonText(`${bundle.notebook.name}, one task a step`)}`,
    `schedule=${schedule === undefined ? 'None' : pythonText(schedule)}`,
    'start_date=datetime(2024, 1, 1, tzinfo=timezone.utc)',
    'catchup=False',
    // Cells may write files in the folder that they share.
    'max_active_runs=1',
    ...(parameters.length === 0 ? [] : [`params={\n${parameters.map((one) => `        ${one},\n`).join('')}    }`]),
  ];
}

function taskOf(one: EngineStep, hasVariants: boolean): string {
  const { step, needs, parameters } = one;
  const arguments_ = [...(hasVariants ? ['variant: str'] : []), ...needs.map(({ name }) => `${name}_result: str`)];
  const given = needs.map((need) => `${pythonText(need.step)}: ${need.name}_result`);
  const variables = Object.entries(step.resources.env ?? {}).map(
    ([name, value]) => `${pythonText(name)}: ${pythonText(value)}`,
  );
  const words = [
    pythonText(step.name),
    ...(given.length === 0 ? [] : [`needs={${given.join(', ')}}`]),
    ...(parameters.length === 0 ? [] : [`parameters=${textList(parameters.map(({ name }) => name))}`]),
    ...(step.secrets.length === 0 ? [] : [`secrets=${textList(step.secrets)}`]),
    ...(variables.length === 0 ? [] : [`variables={${variables.join(', ')}}`]),
    ...(hasVariants ? ['variant=variant'] : []),
  ];
  return `${decorator(one)}
${call(`def ${one.name}`, arguments_)} -> str:
${docstring(one.above, '    ')}
    return ${call('NOTEBOOK.run_step', words, '    ')}
`;
}

function textList(texts: readonly string[]): string {
  return list(texts.map(pythonText), '    ');
}

function decorator({ step }: EngineStep): string {
  const { retries = 0, cpu, mem, gpu = 0, image } = step.resources;
  const seconds = secondsFor(step);
  const pod = [
    ...(cpu === undefined ? [] : [`cpu=${pythonText(String(cpu))}`]),
    ...(mem === undefined ? [] : [`mem=${pythonText(sizeText(mem))}`]),
    ...(gpu === 0 ? [] : [`gpu=${pythonText(String(gpu))}`]),
    ...(image === undefined ? [] : [`image=${pythonText(image)}`]),
  ];
  const words = [
    ...(retries === 0 ? [] : [`retries=${String(retries)}`]),
    ...(seconds === undefined ? [] : [`execution_timeout=timedelta(seconds=${String(seconds)})`]),
    ...(pod.length === 0 ? [] : [`executor_config=${call('NOTEBOOK.pod', pod)}`]),
  ];
  return words.length === 0 ? '@task' : call('@task', words);
}

function collectTask(steps: readonly EngineStep[], hasVariants: boolean): string {
  const names = list(
    steps.map(({ name }) => pythonText(name)),
    '    ',
  );
  return `@task(trigger_rule="all_done")
def executed_notebook(${hasVariants ? 'variant: str' : ''}) -> str:
    """The notebook with what its cells showed, also where one of them failed: then this fails too, and with it the run."""
    return NOTEBOOK.collect(${names}${hasVariants ? ', variant=variant' : ''})
`;
}

function graph(steps: readonly EngineStep[], indent: string): string {
  const variant = indent === '' ? [] : ['variant'];
  const calls = steps.map(({ name, needs }) => {
    const given = needs.map((need) => `${need.name}_result`);
    return `${indent}${name}_result = ${call(name, [...variant, ...given], indent)}\n`;
  });
  const results = list(
    steps.map(({ name }) => `${name}_result`),
    indent,
  );
  const before = steps.length === 0 ? '' : `${results} >> `;
  return `${calls.join('')}${indent}${before}executed_notebook(${variant.join('')})`;
}
