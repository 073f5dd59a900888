/** Flags of single commands. */
import type { Flag } from './args.ts';
import { stateFlag } from './options.ts';

/** The folder that `compile` writes. */
export const folderFlag: Flag = {
  name: 'output',
  short: 'o',
  aliases: ['out'],
  values: ['DIR'],
  help: "the bundle's folder",
};
/** A file instead of standard output. */
export const fileFlag: Flag = {
  name: 'output',
  short: 'o',
  aliases: ['out'],
  values: ['FILE'],
  help: 'write it to a file',
};
/** How `graph` writes. */
export const formatFlag: Flag = {
  name: 'format',
  values: ['FORMAT'],
  help: 'text (default), json, dot, mermaid or svg',
};
/** The file that `profile` writes. */
export const effectsFlag: Flag = {
  name: 'output',
  short: 'o',
  aliases: ['out'],
  values: ['FILE'],
  help: 'write it there (default: NB.effects.json beside the notebook)',
};
/** Where the cells run. */
export const cwdFlag: Flag = {
  name: 'cwd',
  values: ['DIR'],
  help: "run the cells there (default: the notebook's folder)",
};
/** All notebooks instead of one. */
export const allFlag: Flag = { name: 'all', values: [], help: 'of every notebook whose state is in the default place' };

/** Of `data`: what is of the environment, too. */
export const everythingFlag: Flag = {
  name: 'all',
  values: [],
  help: 'files of the interpreter, of packages and of the system too',
};
/** Another run than the last. */
export const runFlag: Flag = { name: 'run', values: ['RUN'], help: 'of this run instead of the last' };
/** The file that `freeze` writes. */
export const frozenOutputFlag: Flag = {
  ...fileFlag,
  help: 'write it to this file (default: <NB>.frozen.json beside it)',
};
/** Of `freeze`: code, parameters and data only. */
export const noEnvironmentFlag: Flag = {
  name: 'no-environment',
  values: [],
  help: 'without the interpreter and its packages',
};
/** The page that `diff` writes. */
export const htmlFlag: Flag = { name: 'html', values: ['FILE'], help: 'write a page that shows both, side by side' };
/** How `lineage` writes. */
export const lineageFormatFlag: Flag = { name: 'format', values: ['FORMAT'], help: 'text (default), mermaid or dot' };
/** One way of `lineage` only. */
export const lineageWayFlags: readonly Flag[] = [
  { name: 'back', values: [], help: 'only what it comes from' },
  { name: 'forward', values: [], help: 'only what it reaches' },
];
/** Of `runs`: what stays whatever is removed. */
export const pinFlags: readonly Flag[] = [
  { name: 'pin', values: ['RUN'], help: 'keep this run whatever is removed' },
  { name: 'unpin', values: ['RUN'], help: 'let it go' },
];
/** What `gc` keeps, and whether it removes. */
export const gcFlags: readonly Flag[] = [
  { name: 'keep', values: ['N'], help: 'keep the records of the newest N runs of each notebook (default: of all)' },
  { name: 'keep-days', values: ['DAYS'], help: 'keep the records of the last DAYS days' },
  { name: 'yes', short: 'y', values: [], help: 'remove; without it only what would be removed is told' },
];
/** What `export-lineage` writes. */
export const exportFormatFlag: Flag = { name: 'format', values: ['FORMAT'], help: 'openlineage (default) or ro-crate' };
/** Where `export-lineage` writes. */
export const exportTargetFlag: Flag = {
  ...fileFlag,
  values: ['PATH'],
  help: 'a file for OpenLineage events (default: standard output), a new folder for an RO-Crate',
};
/** The licence of an RO-Crate. */
export const licenseFlag: Flag = {
  name: 'license',
  values: ['LICENSE'],
  help: 'the licence of an RO-Crate: an address, or a name such as CC-BY-4.0',
};
/** So many runs. */
export const limitFlag: Flag = { name: 'limit', short: 'n', values: ['N'], help: 'so many of the newest' };
/** Flags of `run` that many runs at once do not have. */
export const forOneRun: ReadonlySet<string> = new Set(['only', 'report', 'no-report', 'frozen', 'frozen-file']);
/** Of `export`: the hook that imports notebooks. */
export const hookFlag: Flag = {
  name: 'hook',
  values: ['DIR'],
  help: 'write notebook_import.py there, which lets notebooks be imported',
};
/** Of `test`: what becomes a check. */
export const captureFlag: Flag = {
  name: 'capture',
  values: ['CELL'],
  help: 'make a check of what the last run left of this cell; may be given several times',
};
/** Of `test`: where checks are. */
export const testsFlag: Flag = {
  name: 'tests',
  values: ['DIR'],
  help: "the folder of the tests (default: tests in the notebook's folder)",
};
/** Of `test`: large fixtures too. */
export const forceFlag: Flag = { name: 'force', values: [], help: 'keep fixtures of more than 5 MB' };
/** Of `debug`: which cell. */
export const taskFlag: Flag = { name: 'task', values: ['CELL'], help: 'which cell (default: the one that failed)' };
/** The file that `debug` writes. */
export const debugFileFlag: Flag = { name: 'output', short: 'o', values: ['FILE'], help: 'the notebook to write' };
/** The package that `export` writes. */
export const modulesFlag: Flag = {
  name: 'modules',
  values: ['DIR'],
  help: "the package's folder; its name is what is imported",
};

/** Of `suggest`: into the notebook. */
export const writeFlag: Flag = { name: 'write', values: [], help: 'put the directives into the notebook' };
/** Of `emit` and `image`: where the last run is, which tells what ran the cells. */
export const ranFlag: Flag = {
  ...stateFlag,
  help: 'where the run is kept that says which version of Deno ran the cells (default: as for run)',
};
/** Flags of `image` alone. */
export const imageFlags: readonly Flag[] = [
  { ...folderFlag, help: 'the folder to write (default: NB.image beside the notebook)' },
  { name: 'lock', values: ['FILE'], help: 'the lock of its packages (default: the one beside the notebook)' },
  {
    name: 'base',
    values: ['IMAGE'],
    help: 'the image to begin with (default: python, of the version that was locked; for a notebook of Deno one that has python3, node and deno, instead of the images of these)',
  },
];
/** Flags of `emit` alone. */
export const emitFlags: readonly Flag[] = [
  { name: 'target', short: 't', values: ['ENGINE'], help: 'which engine; --list names them' },
  { name: 'output', short: 'o', aliases: ['out'], values: ['DIR'], help: "the project's folder" },
  { name: 'list', values: [], help: 'name the engines' },
  {
    name: 'matrix',
    values: ['NAME=V,V'],
    help: 'one run for each combination, as the engine has it (Flyte: a launch plan); may be given several times',
  },
  {
    name: 'signed',
    values: [],
    help: 'argo, flyte: steps take the secret CELLWRIGHT_RUN_KEY, and believe only references that are signed with it; the others sign where they have it',
  },
  { name: 'image', values: ['IMAGE'], help: 'argo, airflow, github, snakemake: the container image of the steps' },
  {
    name: 'store',
    values: ['URL'],
    help: 'argo, airflow, snakemake: where values are kept for all machines: s3://BUCKET/PREFIX',
  },
  { name: 'schedule', values: ['CRON'], help: 'when the engine is to run it, for example "0 6 * * *"' },
];
