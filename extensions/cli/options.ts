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
    help: 'set a parameter; True, False, None and numbers are typed, all else is text',
  },
  {
    name: 'parameters-raw',
    short: 'r',
    aliases: ['parameters_raw'],
    values: ['NAME', 'TEXT'],
    help: 'set a parameter to a string',
  },
  {
    name: 'parameters-file',
    short: 'f',
    aliases: ['parameters_file'],
    values: ['FILE'],
    help: 'read parameters from a YAML file',
  },
  {
    name: 'parameters-yaml',
    short: 'y',
    aliases: ['parameters_yaml'],
    values: ['YAML'],
    help: 'read parameters from YAML text',
  },
  {
    name: 'parameters-base64',
    short: 'b',
    aliases: ['parameters_base64'],
    values: ['TEXT'],
    help: 'read parameters from YAML text in base64',
  },
];

/** Which interpreter and folder, and where results are kept. */
export const environmentFlags: readonly Flag[] = [
  { name: 'kernel', short: 'k', values: ['KERNEL'], help: 'run with the interpreter of this Jupyter kernel' },
  { name: 'python', values: ['EXE'], help: 'run with this interpreter (it needs IPython)' },
  { name: 'state', values: ['DIR'], help: 'keep stored values and the cache there' },
];

/** Flags of `run` alone. */
export const runFlags: readonly Flag[] = [
  {
    name: 'output',
    short: 'o',
    aliases: ['out'],
    values: ['OUT'],
    help: 'the executed notebook (.ipynb; {NAME} is a parameter), a folder for it, or - for standard output',
  },
  { name: 'jobs', short: 'j', values: ['N'], help: 'how many tasks run at once (default: the number of cores)' },
  { name: 'cwd', values: ['DIR'], help: "run the cells there (default: the notebook's folder)" },
  { name: 'no-cache', values: [], help: 'neither reuse nor remember results' },
  { name: 'force', values: [], help: 'run everything, and remember the results' },
  { name: 'until', values: ['CELL'], help: 'stop after this cell' },
  { name: 'only', values: ['CELL'], help: 'run this cell with its inputs from the cache, and print its output' },
  { name: 'keep-going', values: [], help: 'after a cell that raised, run what does not depend on it' },
  { name: 'one-process', values: [], help: 'run all cells in one process, exactly as Jupyter does' },
  { name: 'report', values: ['FILE'], help: 'where the HTML report goes' },
  { name: 'no-report', values: [], help: 'write no HTML report' },
];
