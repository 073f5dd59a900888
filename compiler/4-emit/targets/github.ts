import { engineSteps, secondsFor, type EngineStep } from './engine-steps.ts';
import { requirementsFile } from './requirements-file.ts';
import { workflowName } from './step-names.ts';
import { textOf, valueWord } from './step-values.ts';
import type { CellProgram, CellRunner, Emission, EngineParameter, EngineSettings, Target } from './target.ts';
import { variantNames } from './variant-names.ts';
import { yamlText, type Mapping } from './yaml-text.ts';

/** A workflow of GitHub Actions: one job a step, whose values go on as artifacts. */
export const githubTarget: Target = {
  name: 'github',
  help: 'a workflow of GitHub Actions: copy .github of the project to the root of the repository',
  takesParameters: true,
  without: ['store', 'signed'],
  usesRepository: true,
  emit: (emission) => {
    const { settings } = emission;
    const name = fileName(emission);
    const file = (stem: string, what: string, document: Mapping): { readonly path: string; readonly text: string } => ({
      path: `.github/workflows/${stem}.yml`,
      text: yamlText(emission, what, document),
    });
    return [
      file(name, 'one job a step', stepsWorkflow(emission)),
      ...(settings.variants.length === 0
        ? []
        : [file(`${name}-variants`, 'one run for each variant', variantsWorkflow(emission))]),
      ...requirementsFile(settings),
    ];
  },
};

/** A name with a dash, which no parameter of a notebook has. */
const variantInput = 'cellwright-variant';
const collecting = 'executed-notebook';

function fileName({ stem }: Emission): string {
  return workflowName(stem).replaceAll('_', '-');
}

/** Lines of a script. */
function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

function stepsWorkflow(emission: Emission): Mapping {
  const { settings } = emission;
  const hasVariants = settings.variants.length > 0;
  const inputs = inputsOf(settings);
  const steps = engineSteps(emission, ['executed_notebook']);
  const called = { ...inputs, [variantInput]: { type: 'string', default: '' } };
  return {
    name: fileName(emission),
    on: {
      workflow_dispatch: Object.keys(inputs).length === 0 ? {} : { inputs },
      ...(hasVariants ? { workflow_call: { inputs: called } } : scheduleOf(settings)),
    },
    permissions: { contents: 'read' },
    env: {
      PROJECT: emission.projectFolder,
      // Where the cells run.
      CELLS: foldersJoined(emission),
      VARIANT: hasVariants ? `\${{ inputs.${variantInput} || 'notebook' }}` : 'notebook',
      CELLWRIGHT_RUN_KEY: '${{ secrets.CELLWRIGHT_RUN_KEY }}',
    },
    jobs: {
      ...Object.fromEntries(steps.map((step) => [step.name, stepJob(emission, step)])),
      [collecting]: collectJob(emission, steps),
    },
  };
}

/** The notebook's folder, from the root of the repository. */
function foldersJoined({ projectFolder, notebookFolder }: Emission): string {
  const parts: string[] = [];
  for (const part of `${projectFolder}/${notebookFolder}`.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/') || '.';
}

function inputsOf({ parameters }: EngineSettings): Mapping {
  const inputs = parameters.map((one) => {
    const about = one.type === 'str' ? undefined : `JSON (${one.type === 'json' ? 'any value' : one.type})`;
    return [one.name, { description: about, type: 'string', default: textOf(one) }] as const;
  });
  return Object.fromEntries(inputs);
}

function scheduleOf({ schedule }: EngineSettings): Mapping {
  return schedule === undefined ? {} : { schedule: [{ cron: schedule }] };
}

/** What a run was started with; the clock starts it with nothing. */
function inputValue(one: EngineParameter, startedByClock: boolean): string {
  const literal = `'${textOf(one).replaceAll("'", "''")}'`;
  const given = `inputs.${one.name}`;
  return startedByClock ? `\${{ github.event_name == 'schedule' && ${literal} || ${given} }}` : `\${{ ${given} }}`;
}

function stepJob(emission: Emission, one: EngineStep): Mapping {
  const { settings } = emission;
  const { step, needs, parameters } = one;
  const seconds = secondsFor(step);
  const image = step.resources.image ?? settings.image;
  const startedByClock = settings.schedule !== undefined && settings.variants.length === 0;
  const values = parameters.map((parameter) => [variableOf(parameter), inputValue(parameter, startedByClock)] as const);
  const secrets = step.secrets.map((name) => [name, `\${{ secrets.${name} }}`] as const);
  const env = { ...step.resources.env, ...Object.fromEntries([...values, ...secrets]) };
  return {
    needs: needs.length === 0 ? undefined : needs.map(({ name }) => name),
    'runs-on': (step.resources.gpu ?? 0) > 0 ? ['self-hosted', 'gpu'] : 'ubuntu-latest',
    'timeout-minutes': seconds === undefined ? undefined : Math.ceil(seconds / 60),
    container: image,
    env: Object.keys(env).length === 0 ? undefined : env,
    defaults: shell,
    steps: [
      ...environmentSteps(settings, image !== undefined),
      ...(needs.length === 0 ? [] : fetchSteps),
      { name: 'Run the cells', run: runScript(one) },
      ...keepSteps(step.name),
    ],
  };
}

/** Ends at the first line that fails, in an image without bash as well. */
const shell = { run: { shell: 'sh -e {0}' } };

function variableOf({ name }: EngineParameter): string {
  return `PARAMETER_${name}`;
}

/** The files of the repository, Python and the packages; an image has its own. */
function environmentSteps({ lock, runner }: EngineSettings, hasImage: boolean): readonly Mapping[] {
  const checkout = { uses: 'actions/checkout@v4' };
  if (hasImage) return [checkout];
  if (runner !== undefined) return [checkout, ...runnerSteps(runner)];
  const file = lock === undefined ? 'requirements.txt' : '${{ env.PROJECT }}/requirements.txt';
  const settings = { 'python-version': lock?.python ?? '3.x', cache: 'pip', 'cache-dependency-path': file };
  const install = `python3 -m pip install -r ${lock === undefined ? 'requirements.txt' : '"$PROJECT/requirements.txt"'}\n`;
  return [
    checkout,
    { uses: 'actions/setup-python@v5', with: settings },
    { name: 'Install the packages', run: install },
  ];
}

/** How programs that run cells get onto the path; a version that nobody knows is the newest of its major one. */
const setups: Readonly<Record<string, (program: CellProgram, lock: string | undefined) => Mapping>> = {
  node: ({ version = '24' }) => ({ uses: 'actions/setup-node@v4', with: { 'node-version': version } }),
  deno: ({ version = 'v2.x' }, lock) => ({
    uses: 'denoland/setup-deno@v2',
    // Its modules are kept from job to job as long as the lock is the same.
    with: { 'deno-version': version, ...(lock === undefined ? {} : { cache: true, 'cache-hash': lock }) },
  }),
};

/** Any Python starts a step; it needs no packages. */
function runnerSteps({ programs, lock }: CellRunner): readonly Mapping[] {
  const python = { uses: 'actions/setup-python@v5', with: { 'python-version': '3.x' } };
  const own = programs.flatMap((program) => {
    const setup = setups[program.name];
    return setup === undefined ? [] : [setup(program, lock)];
  });
  return [python, ...own];
}

const kept = '${{ env.PROJECT }}/run';

/** What the steps before left. */
const fetchSteps: readonly Mapping[] = [
  {
    uses: 'actions/download-artifact@v4',
    with: { pattern: '${{ env.VARIANT }}--*', path: kept, 'merge-multiple': true },
  },
  {
    name: 'Unpack what the steps before left',
    run: lines('cd "$PROJECT/run"', 'for archive in *.tar; do if [ -f "$archive" ]; then tar -xf "$archive"; fi; done'),
  },
];

/** All that is new since the cells began. */
function keepSteps(step: string): readonly Mapping[] {
  return [
    {
      name: 'Pack what the step left',
      if: '${{ !cancelled() }}',
      run: lines('cd "$PROJECT/run"', `find store results -type f -newer started | tar -cf ${step}.tar -T -`),
    },
    {
      uses: 'actions/upload-artifact@v4',
      if: '${{ !cancelled() }}',
      with: { name: `\${{ env.VARIANT }}--${step}`, path: `${kept}/${step}.tar`, 'if-no-files-found': 'error' },
    },
  ];
}

function runScript({ step, needs, parameters }: EngineStep): string {
  const results = '"$PROJECT/run/results"';
  const words = [
    ...['--bundle "$PROJECT/bundle"', '--store "$PROJECT/run/store"', `--step ${step.name}`],
    ...needs.map((need) => `--input=${need.step}=${results}/${need.step}.json`),
    ...parameters.map((parameter) => valueWord(parameter, `"$${variableOf(parameter)}"`)),
    ...['--cwd "$CELLS"', `--output ${results}/${step.name}.json`],
  ];
  const command = `python3 "$PROJECT/bundle/worker/task.py" run \\\n  ${words.join(' \\\n  ')}`;
  const before = ['mkdir -p "$PROJECT/run/store" "$PROJECT/run/results"', 'touch "$PROJECT/run/started"'];
  const { retries = 0 } = step.resources;
  if (retries === 0) return lines(...before, command);
  const tries = Array.from({ length: retries + 1 }, (_, at) => String(at + 1)).join(' ');
  return lines(
    ...before,
    `for attempt in ${tries}; do`,
    'code=0',
    `${command} || code=$?`,
    '# Only a cell that raised may come to an end when it is tried again.',
    'if [ "$code" -ne 1 ]; then break; fi',
    'done',
    'exit "$code"',
  );
}

/** Also of steps that failed: the notebook shows where. */
function collectJob({ settings }: Emission, steps: readonly EngineStep[]): Mapping {
  const image = settings.image;
  return {
    needs: steps.map(({ name }) => name),
    if: '${{ !cancelled() }}',
    'runs-on': 'ubuntu-latest',
    container: image,
    defaults: shell,
    steps: [
      ...environmentSteps(settings, image !== undefined),
      ...fetchSteps,
      {
        name: 'Write the executed notebook',
        run: lines(
          'python3 "$PROJECT/bundle/worker/task.py" collect --bundle "$PROJECT/bundle" --store "$PROJECT/run/store" \\',
          '  --output "$PROJECT/run/executed.ipynb" "$PROJECT"/run/results/*.json',
        ),
      },
      {
        uses: 'actions/upload-artifact@v4',
        with: { name: '${{ env.VARIANT }}.executed', path: `${kept}/executed.ipynb`, 'if-no-files-found': 'error' },
      },
    ],
  };
}

/** Calls the other workflow once for each variant: a step that fails stops what stands behind it in its own variant. */
function variantsWorkflow(emission: Emission): Mapping {
  const { settings } = emission;
  const names = variantNames(settings);
  const varied = new Set(settings.variants[0]?.values.map(({ name }) => name));
  const rest = settings.parameters.filter(({ name }) => !varied.has(name));
  const inputs = inputsOf({ ...settings, parameters: rest });
  const startedByClock = settings.schedule !== undefined;
  return {
    name: `${fileName(emission)}-variants`,
    on: { workflow_dispatch: rest.length === 0 ? {} : { inputs }, ...scheduleOf(settings) },
    permissions: { contents: 'read' },
    jobs: {
      notebook: {
        strategy: {
          'fail-fast': false,
          matrix: {
            include: settings.variants.map(({ values }, place) => ({
              [variantInput]: names[place],
              ...Object.fromEntries(values.map((one) => [one.name, textOf(one)])),
            })),
          },
        },
        uses: `./.github/workflows/${fileName(emission)}.yml`,
        with: {
          [variantInput]: `\${{ matrix.${variantInput} }}`,
          ...Object.fromEntries([...varied].map((name) => [name, `\${{ matrix.${name} }}`])),
          ...Object.fromEntries(rest.map((one) => [one.name, inputValue(one, startedByClock)])),
        },
        secrets: 'inherit',
      },
    },
  };
}
