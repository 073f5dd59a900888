import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { hasFlag, nearest, parseArguments, type Flag, type ParsedArguments } from './args.ts';
import { cleanCommand } from './commands/clean.ts';
import { compileCommand } from './commands/compile.ts';
import { dataCommand } from './commands/data.ts';
import { diffCommand } from './commands/diff.ts';
import { debugCommand } from './commands/debug.ts';
import { emitCommand } from './commands/emit.ts';
import { exportCommand } from './commands/export.ts';
import { explainCommand } from './commands/explain.ts';
import { exportLineageCommand } from './commands/export-lineage.ts';
import { freezeCommand } from './commands/freeze.ts';
import { gcCommand } from './commands/gc.ts';
import { graphCommand } from './commands/graph.ts';
import { imageCommand } from './commands/image.ts';
import { lineageCommand } from './commands/lineage.ts';
import { profileCommand } from './commands/profile.ts';
import { lockCommand } from './commands/lock.ts';
import { metricsCommand } from './commands/metrics.ts';
import { openCommand } from './commands/open.ts';
import { runCommand } from './commands/run.ts';
import { runsCommand } from './commands/runs.ts';
import { serveCommand } from './commands/serve.ts';
import { showCommand } from './commands/show.ts';
import { statusCommand } from './commands/status.ts';
import { backtestCommand } from './commands/variants.ts';
import { verifyCommand } from './commands/verify.ts';
import { suggestCommand } from './commands/suggest.ts';
import { testCommand } from './commands/test.ts';
import { engineFlags } from './engine-flags.ts';
import { describeFileError, isFileError } from './files.ts';
import { exitCode, fileProblem, usage, type CommandResult, type Host, type ShownCell } from './host.ts';
import { renderDocument } from './json-document.ts';
import {
  adviceOnFlags,
  commonFlags,
  environmentFlags,
  flyteFlags,
  lockedFlag,
  lockFlags,
  metricsFlags,
  parameterFlags,
  profileFlag,
  runFlags,
  stateFlag,
  verifyFlags,
} from './options.ts';
import { renderDiagnostics } from './render.ts';
import {
  allFlag,
  captureFlag,
  cwdFlag,
  debugFileFlag,
  effectsFlag,
  emitFlags,
  ranFlag,
  everythingFlag,
  exportFormatFlag,
  exportTargetFlag,
  fileFlag,
  folderFlag,
  forOneRun,
  forceFlag,
  formatFlag,
  frozenOutputFlag,
  gcFlags,
  hookFlag,
  htmlFlag,
  imageFlags,
  licenseFlag,
  limitFlag,
  lineageFormatFlag,
  lineageWayFlags,
  modulesFlag,
  noEnvironmentFlag,
  pinFlags,
  runFlag,
  taskFlag,
  testsFlag,
  writeFlag,
} from './command-flags.ts';
import { isForPython } from './python-only.ts';
import { version } from './version.ts';

interface Command {
  readonly name: string;
  readonly words: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  readonly most: number;
  readonly run: (host: Host, parsed: ParsedArguments) => Promise<CommandResult>;
}

/** What a run rests on besides the notebook. */
const inputFlags = [...parameterFlags, ...environmentFlags, lockedFlag, profileFlag];

const commands: readonly Command[] = [
  {
    name: 'compile',
    words: 'NB [-o DIR]',
    help: 'Writes the bundle of a notebook. Executes nothing.',
    flags: [folderFlag, ...parameterFlags, profileFlag],
    most: 1,
    run: compileCommand,
  },
  {
    name: 'run',
    words: 'NB|BUNDLE [OUT]',
    help: 'Runs a notebook or a bundle and writes the executed notebook and a report.',
    flags: [...runFlags, ...engineFlags, ...flyteFlags, ...inputFlags],
    most: 2,
    run: runCommand,
  },
  {
    name: 'backtest',
    words: 'NB -p NAME FROM..TO',
    help: 'Runs a notebook once for each month, day, week, year or number of a range.',
    flags: [...runFlags.filter(({ name }) => !forOneRun.has(name)), ...engineFlags, ...inputFlags],
    most: 2,
    run: backtestCommand,
  },
  {
    name: 'graph',
    words: 'NB',
    help: 'Draws which cell needs which.',
    flags: [formatFlag, fileFlag, ...parameterFlags, profileFlag],
    most: 1,
    run: graphCommand,
  },
  {
    name: 'explain',
    words: 'NB [CELL]',
    help: 'Says what each cell reads, binds and changes, why one waits for another, and what the last run observed.',
    flags: [...parameterFlags, stateFlag, profileFlag],
    most: 2,
    run: explainCommand,
  },
  {
    name: 'status',
    words: 'NB',
    help: 'Says what a run would reuse and what it would run. Executes nothing.',
    flags: [cwdFlag, ...parameterFlags, ...environmentFlags, lockedFlag, profileFlag],
    most: 1,
    run: statusCommand,
  },
  {
    name: 'profile',
    words: 'NB [-o FILE]',
    help: 'Writes what runs observed of each cell, for the next compile of anybody who has the file. Executes nothing.',
    flags: [effectsFlag, stateFlag],
    most: 1,
    run: profileCommand,
  },
  {
    name: 'image',
    words: 'NB [-o DIR]',
    help: 'Writes the folder from which docker, podman or buildah make an image that runs the steps of the notebook. Executes nothing.',
    flags: [...imageFlags, ...parameterFlags, profileFlag, ranFlag],
    most: 1,
    run: imageCommand,
  },
  {
    name: 'suggest',
    words: 'NB [--write]',
    help: 'Says what memory, processors and time each cell should be given, from what recorded runs have used.',
    flags: [writeFlag, stateFlag],
    most: 1,
    run: suggestCommand,
  },
  {
    name: 'verify',
    words: 'NB|--check FILE',
    help: 'Compares a run, cell by cell, with two or three of Restart & Run All in a Jupyter kernel, or with a certificate; all run in place.',
    flags: [...verifyFlags, cwdFlag, ...parameterFlags, ...environmentFlags, lockedFlag],
    most: 1,
    run: verifyCommand,
  },
  {
    name: 'runs',
    words: '[NB]',
    help: 'Lists the runs that are recorded, of one notebook or of all, the newest first.',
    flags: [limitFlag, ...pinFlags, stateFlag],
    most: 1,
    run: runsCommand,
  },
  {
    name: 'show',
    words: 'RUN [NB]',
    help: 'Says who ran what on what, and what each cell read, wrote and used.',
    flags: [stateFlag],
    most: 2,
    run: showCommand,
  },
  {
    name: 'data',
    words: 'NB',
    help: 'Lists the files and addresses that the last run read or wrote, by reference, and what has changed since.',
    flags: [everythingFlag, runFlag, stateFlag],
    most: 1,
    run: dataCommand,
  },
  {
    name: 'diff',
    words: 'RUN [RUN]',
    help: 'Says what is different between two runs: first code, parameters, data and environment, then what the cells show.',
    flags: [htmlFlag, stateFlag],
    most: 2,
    run: diffCommand,
  },
  {
    name: 'lineage',
    words: 'FILE|VARIABLE|METRIC [NB]',
    help: 'Goes from a file, a variable or a metric back to the cells, data, parameters, commits and people that it comes from, and forth to what it reaches.',
    flags: [lineageFormatFlag, ...lineageWayFlags, runFlag, stateFlag],
    most: 2,
    run: lineageCommand,
  },
  {
    name: 'export-lineage',
    words: 'RUN [NB]',
    help: 'Writes the record of a run as OpenLineage events or as an RO-Crate, for catalogues and archives.',
    flags: [exportFormatFlag, exportTargetFlag, licenseFlag, stateFlag],
    most: 2,
    run: exportLineageCommand,
  },
  {
    name: 'freeze',
    words: 'NB',
    help: 'Writes down which code, parameters, data and packages the last run was made on; run --frozen runs on nothing else.',
    flags: [frozenOutputFlag, runFlag, noEnvironmentFlag, stateFlag],
    most: 1,
    run: freezeCommand,
  },
  {
    name: 'gc',
    words: 'NB|--all',
    help: 'Says which records and stored values nothing needs; with --yes it removes them. Pinned runs and what kept runs reused stay.',
    flags: [...gcFlags, allFlag, stateFlag],
    most: 1,
    run: gcCommand,
  },
  {
    name: 'lock',
    words: 'NB',
    help: 'Writes pylock.toml, or deno.lock for Deno: exact versions and hashes of what the notebook imports and of all that this requires. Executes nothing of the notebook.',
    flags: [...lockFlags, cwdFlag, ...parameterFlags, ...environmentFlags.filter(({ name }) => name !== 'state')],
    most: 1,
    run: lockCommand,
  },
  {
    name: 'metrics',
    words: 'NB',
    help: 'Shows the metrics that runs recorded, and with --check whether the newest run got worse.',
    flags: [...metricsFlags, ...parameterFlags, stateFlag],
    most: 1,
    run: metricsCommand,
  },
  {
    name: 'debug',
    words: 'RUN [--task CELL]',
    help: 'Writes a notebook that opens at a cell of a run, with what the cell started with.',
    flags: [taskFlag, debugFileFlag, stateFlag],
    most: 1,
    run: debugCommand,
  },
  {
    name: 'export',
    words: 'NB --modules DIR|--hook DIR',
    help: 'Writes a Python package with a function for every cell; of a notebook of Deno a module for every cell. Executes nothing.',
    flags: [modulesFlag, hookFlag, ...environmentFlags],
    most: 1,
    run: exportCommand,
  },
  {
    name: 'emit',
    words: 'NB --target ENGINE -o DIR',
    help: 'Writes the notebook as a project of a workflow engine. Executes nothing.',
    flags: [...emitFlags, ...parameterFlags, profileFlag, ranFlag],
    most: 1,
    run: emitCommand,
  },
  {
    name: 'test',
    words: 'NB [--capture CELL]',
    help: 'Checks the functions of cells on inputs and results that a run has left.',
    flags: [captureFlag, testsFlag, forceFlag, ...environmentFlags],
    most: 1,
    run: testCommand,
  },
  {
    name: 'clean',
    words: 'NB|--all',
    help: 'Removes old runs and stored values that no result needs; nothing that a run would reuse. The same as gc --keep 1 --yes.',
    flags: [allFlag, stateFlag],
    most: 1,
    run: cleanCommand,
  },
  {
    name: 'open',
    words: 'NB',
    help: 'Shows the graph of a notebook, its runs and their history in a browser, and runs it from there, until it is interrupted.',
    flags: [
      { name: 'port', values: ['N'], help: 'serve the page on this port (default: one that is free)' },
      { name: 'no-browser', values: [], help: 'only print the address' },
      stateFlag,
    ],
    most: 1,
    run: async (host, parsed) => await openCommand(host, parsed, runCommandLine),
  },
  {
    name: 'serve',
    words: '--stdio',
    help: 'Answers the requests of an editor on standard input and output (docs/service.md). Runs that it starts go on without it.',
    flags: [{ name: 'stdio', values: [], help: 'speak JSON-RPC, one message a line' }, stateFlag],
    most: 0,
    run: async (host, parsed) => await serveCommand(host, parsed, runCommandLine),
  },
];

/** Runs one command line and returns the exit code; never rejects. */
export async function runCommandLine(words: readonly string[], host: Host): Promise<number> {
  const [first] = words;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    host.out(renderHelp());
    return first === undefined ? exitCode('usage') : 0;
  }
  if (first === '--version' || first === '-V' || first === 'version') {
    host.out(`cellwright ${version}\n`);
    return 0;
  }
  const wantsJson = words.includes('--json');
  const command = commands.find((candidate) => candidate.name === first);
  if (command === undefined) {
    return finish(
      host,
      { command: first.startsWith('-') ? '' : first, wantsJson, quiet: false },
      unknownCommand(first, words),
    );
  }
  const parsed = parseArguments(words.slice(1), [...command.flags, ...commonFlags], adviceOnFlags);
  const shape = { command: command.name, wantsJson, quiet: parsed.ok && hasFlag(parsed.value, 'quiet') };
  if (!parsed.ok) return finish(host, shape, usage(parsed.error.message, parsed.error.help));
  if (hasFlag(parsed.value, 'help')) {
    host.out(renderCommandHelp(command));
    return 0;
  }
  if (hasFlag(parsed.value, 'version')) {
    host.out(`cellwright ${version}\n`);
    return 0;
  }
  const surplus = parsed.value.positionals[command.most];
  if (surplus !== undefined) {
    const help = `It is used as: cellwright ${command.name} ${command.words}`;
    return finish(host, shape, usage(`${command.name} does not take ${surplus}.`, help));
  }
  return finish(
    host,
    shape,
    await runSafely(command, host, {
      ...parsed.value,
      ...(isForPython(command.name) && { forPython: command.name }),
    }),
  );
}

function unknownCommand(first: string, words: readonly string[]): CommandResult {
  const names = commands.map(({ name }) => name);
  const all = `The commands are ${names.join(', ')}.`;
  if (first.startsWith('-')) return usage('No command was named.', `Name it first. ${all}`);
  if (/\.(?:ipynb|py|cellwright)\/?$/i.test(first)) {
    return usage('No command was named.', `Did you mean cellwright run ${words.join(' ')}?`);
  }
  const near = nearest(first, names);
  return usage(`There is no command ${first}.`, near === undefined ? all : `Did you mean ${near}?`);
}

/** The last line of defence: what nobody expected is told like everything else, with a document where one was asked for. */
async function runSafely(command: Command, host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  try {
    return await command.run(host, parsed);
  } catch (error) {
    if (isFileError(error)) {
      const message = `${error.path ?? 'A file'} cannot be used: ${describeFileError(error)}.`;
      const help = 'Make room or give permission, and run the command again; what has finished is kept.';
      return fileProblem(message, help);
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = 'Cellwright itself failed.';
    const help = 'Please report it, with the lines below and the notebook.';
    return {
      status: 'crashed',
      diagnostics: [{ code: 'CW999', severity: 'error', message, help, related: [] }],
      text: '',
      errors: `${stack}\n`,
      document: { stack },
    };
  }
}

interface Shape {
  readonly command: string;
  readonly wantsJson: boolean;
  readonly quiet: boolean;
}

const noCells: ReadonlyMap<string, ShownCell> = new Map();

function finish(host: Host, { command, wantsJson, quiet }: Shape, result: CommandResult): number {
  const code = exitCode(result.status);
  if (wantsJson || result.asJson === true) {
    host.out(renderDocument(command, result));
    return code;
  }
  const shown = result.diagnostics.filter((diagnostic) => isShown(diagnostic, quiet));
  if (shown.length > 0) host.err(renderDiagnostics(shown, result.sources ?? noCells));
  if (result.errors !== undefined) host.err(result.errors);
  if (!quiet) host.out(result.text);
  return code;
}

function isShown(diagnostic: Diagnostic, quiet: boolean): boolean {
  return diagnostic.severity === 'error' || (!quiet && diagnostic.severity === 'warning');
}

function renderHelp(): string {
  const width = Math.max(...commands.map(({ name, words }) => name.length + words.length + 1));
  const lines = commands.map(({ name, words, help }) => `  ${`${name} ${words}`.padEnd(width)}  ${help}`);
  return `cellwright ${version}: compiles a notebook into isolated tasks whose result equals Restart & Run All.

${lines.join('\n')}

Every command takes --json, --quiet, --help and --version.
NB is an .ipynb file, a .py file in percent format, the folder of a bundle (BUNDLE), or - for standard input.
RUN is an identifier that runs lists, its beginning or its last four letters, last, last~N, or NB for its last run.
CELL is the number in In [n], the cell's id, its label, or its task's name as explain shows it.
The cells run in the notebook's folder, as in Jupyter, unless --cwd names another one.

Exit codes
  0    ok
  1    a cell raised, as it would in Restart & Run All
  2    usage, unreadable input, an unknown parameter; nothing was run
  3    the notebook cannot be compiled, or the run cannot go on
  4    a gate does not hold, or metrics --check found a metric that got worse
  5    verify found a difference; lock --check did
  70   a fault of Cellwright's own
  130  interrupted
`;
}

function renderCommandHelp(command: Command): string {
  const rows = [...command.flags, ...commonFlags].map((flag) => {
    const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
    return [`  ${short}--${[flag.name, ...flag.values].join(' ')}`, flag.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const lines = rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`);
  return `cellwright ${command.name} ${command.words}\n\n${command.help}\n\n${lines.join('\n')}\n`;
}
