import type { Flag } from './args.ts';

/** Flags of every command. */
export const commonFlags: readonly Flag[] = [
  { name: 'json', values: [], help: 'print one JSON document (docs/json.md) instead of text' },
  { name: 'quiet', short: 'q', values: [], help: 'say nothing but errors' },
  { name: 'help', short: 'h', values: [], help: 'print this help' },
  { name: 'version', values: [], help: 'print the version' },
];

/** Parameters, as papermill's users give them. */
export const parameterFlags: readonly Flag[] = [
  {
    name: 'parameters',
    short: 'p',
    values: ['NAME', 'VALUE'],
    mayBeEmpty: true,
    help: 'set a parameter; True, False, None and numbers are typed, env:NAME is a secret, all else is text',
  },
  {
    name: 'parameters-raw',
    short: 'r',
    aliases: ['parameters_raw'],
    values: ['NAME', 'TEXT'],
    mayBeEmpty: true,
    help: 'set a parameter to a string',
  },
  {
    name: 'parameters-file',
    short: 'f',
    aliases: ['parameters_file'],
    values: ['FILE'],
    help: 'read parameters from a YAML or JSON file',
  },
  {
    name: 'parameters-yaml',
    short: 'y',
    aliases: ['parameters_yaml'],
    values: ['YAML'],
    mayBeEmpty: true,
    help: 'read parameters from YAML text',
  },
  {
    name: 'parameters-base64',
    short: 'b',
    aliases: ['parameters_base64'],
    values: ['TEXT'],
    mayBeEmpty: true,
    help: 'read parameters from YAML text in base64',
  },
];

/** What runs observed, for a more precise graph. */
export const profileFlag: Flag = {
  name: 'profile',
  values: ['FILE'],
  help: 'read what runs observed from this file (default: NB.effects.json beside the notebook, if it is there)',
};

/** Where the values, the cache and the logs of a notebook are kept. */
export const stateFlag: Flag = {
  name: 'state',
  values: ['DIR'],
  help: 'keep stored values, the cache and the logs there',
};

/** Which interpreter, and where results are kept. */
export const environmentFlags: readonly Flag[] = [
  { name: 'kernel', short: 'k', values: ['KERNEL'], help: 'run with the interpreter of this Jupyter kernel' },
  { name: 'python', values: ['EXE'], help: 'run with this interpreter (it needs IPython)' },
  stateFlag,
];

/** In which environment a notebook runs, when it is not the one at hand. */
export const lockedFlag: Flag = {
  name: 'env',
  values: ['lock|FILE'],
  help: 'run in the environment of pylock.toml beside the notebook, else of its script metadata, or of FILE; built with uv when it is not there; in a notebook of Deno, import from its deno.lock alone',
};

/** Flags of `lock` alone. */
export const lockFlags: readonly Flag[] = [
  {
    name: 'output',
    short: 'o',
    aliases: ['out'],
    values: ['FILE'],
    help: 'pylock.toml or pylock.NAME.toml; for Deno deno.lock or deno.NAME.lock',
  },
  { name: 'with', values: ['PACKAGE'], help: 'lock this installed package too, with what it requires' },
  { name: 'check', values: [], help: 'write nothing; say in what the lock and the environment differ' },
];

/** For what runs a bundle. */
const yesFlag: Flag = {
  name: 'yes',
  values: [],
  help: 'run a bundle that was compiled on another machine without asking',
};

const mlflowFlag: Flag = {
  name: 'mlflow',
  values: ['URI'],
  help: 'send metrics and gates to this MLflow tracking server (default: MLFLOW_TRACKING_URI)',
};

/** Flags of `run` alone. */
export const runFlags: readonly Flag[] = [
  {
    name: 'output',
    short: 'o',
    aliases: ['out'],
    values: ['OUT'],
    help: 'the executed notebook (.ipynb; {NAME} is a parameter), a folder for it, or - for standard output; NB itself too',
  },
  { name: 'jobs', short: 'j', values: ['N'], help: 'how many tasks run at once (default: the number of cores)' },
  { name: 'cwd', values: ['DIR'], help: "run the cells there (default: the notebook's folder)" },
  { name: 'no-cache', values: [], help: 'neither reuse nor remember results' },
  { name: 'force', values: [], help: 'run everything, and remember the results' },
  { name: 'until', values: ['CELL'], help: 'stop after this cell' },
  { name: 'only', values: ['CELL'], help: 'run this cell with its inputs from the cache, and print its output' },
  { name: 'watch', values: [], help: 'run again after every save, until it is interrupted' },
  { name: 'keep-going', values: [], help: 'after a cell that raised, run what does not depend on it' },
  {
    name: 'execution-timeout',
    aliases: ['execution_timeout'],
    values: ['SECONDS'],
    help: 'stop a cell that runs longer, unless its directive timeout says otherwise (default: never)',
  },
  { name: 'one-process', values: [], help: 'run all cells in one process, exactly as Jupyter does' },
  {
    name: 'spawn',
    values: [],
    help: 'start a new interpreter for every task; done anyway where forking one is not safe',
  },
  {
    name: 'keep-warm',
    values: ['MINUTES'],
    help: 'keep what the cells import in memory for the next run (default: 10; where CI is set: 0; 0: not at all)',
  },
  {
    name: 'frozen',
    values: [],
    help: 'run nothing unless code, parameters, data and packages are as freeze wrote them down',
  },
  { name: 'frozen-file', values: ['FILE'], help: 'where that is (default: <NB>.frozen.json beside it)' },
  {
    name: 'matrix',
    values: ['NAME=A,B'],
    help: 'run every combination of the values, each as a run of its own; a YAML or JSON file of names with lists too',
  },
  {
    name: 'matrix-exclude',
    values: ['NAME=A,NAME=B'],
    help: 'leave out the combinations that have all of these values; may be given several times',
  },
  {
    name: 'follow-as',
    values: ['RUN'],
    help: 'name the run like this, and keep what its cells show beside its log as they end, for who follows it',
  },
  mlflowFlag,
  yesFlag,
  { name: 'report', values: ['FILE'], help: 'where the HTML report goes; of --matrix: the page of all variants' },
  { name: 'no-report', values: [], help: 'write no HTML report' },
];

/** Flags of a run on Flyte; the last four go to `pyflyte run`. */
export const flyteFlags: readonly Flag[] = [
  { name: 'remote', values: [], help: 'with --on flyte: register it and start it on the control plane of Flyte' },
  { name: 'project', values: ['NAME'], help: 'with --remote: the project of Flyte' },
  { name: 'domain', values: ['NAME'], help: 'with --remote: the domain of Flyte' },
  { name: 'image', values: ['IMAGE'], help: 'with --remote: the container image of the tasks' },
];

/** Flags of `verify` alone. */
export const verifyFlags: readonly Flag[] = [
  yesFlag,
  {
    name: 'certificate',
    values: ['FILE'],
    help: 'write what the cells gave, and on which code, data and packages, as digests for others to check',
  },
  {
    name: 'check',
    values: ['FILE'],
    help: 'run the notebook of a certificate, named after FILE or beside it, and say what differs and why',
  },
];

/** Flags of `metrics` alone. */
export const metricsFlags: readonly Flag[] = [
  { name: 'last', values: ['N'], help: 'show so many runs, the newest last (default: 20)' },
  { name: 'html', values: ['FILE'], help: 'write a page with plots' },
  { name: 'csv', values: ['FILE'], help: 'write a row for each run' },
  { name: 'export', values: ['mlflow'], help: 'send the runs to the MLflow tracking server' },
  mlflowFlag,
  {
    name: 'check',
    values: [],
    help: 'compare the newest run with the last accepted one; exit 4 when a metric got worse',
  },
  { name: 'against', values: ['RUN'], help: 'with --check: compare with this run' },
  {
    name: 'baseline',
    values: ['NAME=VALUE|FILE'],
    help: 'with --check: compare with this number, or with those of a JSON file',
  },
  {
    name: 'tolerance',
    values: ['AMOUNT'],
    help: 'with --check: how much worse is let through: 0.01, 5%, or rmse=0.5 for one metric',
  },
];

const inNotebook = 'What the cells print is in the executed notebook; --only CELL prints it for one cell.';
const always = 'Leave it out: it makes no difference here.';
const asParameter = 'Declare a parameter for it in the notebook, and give it with -p NAME VALUE.';
const noTimeLimit =
  'Leave it out: an interpreter that does not start is told at once. --execution-timeout limits cells.';

/** What to do instead of options of papermill and nbconvert that are not ours. */
export const adviceOnFlags: Readonly<Record<string, string>> = {
  '--help-notebook': 'cellwright compile NB lists the parameters with their defaults.',
  '--inject-input-path': asParameter,
  '--inject-output-path': asParameter,
  '--inject-paths': asParameter,
  '--engine': 'Leave it out: there is one way to run.',
  '--request-save-on-cell-execute': always,
  '--no-request-save-on-cell-execute': always,
  '--autosave-cell-every': always,
  '--prepare-only':
    'cellwright compile NB -p … writes the notebook with its parameters into the bundle, and runs nothing.',
  '--prepare-execute': always,
  '-l': 'Leave it out: the notebook says its language.',
  '--language': 'Leave it out: the notebook says its language.',
  '--progress-bar': 'Progress is shown on a terminal; -q hides it.',
  '--no-progress-bar': 'A progress bar is only shown on a terminal; -q hides it there too.',
  '--log-output': inNotebook,
  '--no-log-output': always,
  '--stdout-file': inNotebook,
  '--stderr-file': inNotebook,
  '--log-level': '-q says nothing but errors.',
  '--start-timeout': noTimeLimit,
  '--start_timeout': noTimeLimit,
  '--report-mode':
    'The HTML report is written beside the executed notebook, which keeps its source; --report FILE names it.',
  '--no-report-mode': always,
  '--execute': 'cellwright run executes.',
  '--inplace': 'Name the notebook itself as OUT.',
  '--to': 'OUT is a notebook, and an HTML report is written beside it.',
  '--allow-errors': 'Tag the cell raises-exception, or run on with --keep-going.',
};
