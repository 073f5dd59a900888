import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './command-line.ts';
import { describeFileError } from './files.ts';

let lost: string | undefined;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // When the reader of a pipe went away there is nobody to tell, and the work goes on: its files are still wanted.
  if (error.code !== 'EPIPE') lost ??= describeFileError(error);
});
// Nobody hears what cannot be said here.
process.stderr.on('error', () => undefined);

// A second request, or a run that does not end by itself, ends the program at once.
const patience = 5000;

/** Until a command asks for this, a request to stop ends the program as the system does it, even while it waits for its input. */
function takeInterruptions(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130);
      interruption.abort();
      setTimeout(() => process.exit(130), patience).unref();
    });
  }
  return interruption.signal;
}

/** An editor on Electron sets this to call its own program as Node. It is no business of cells, which may start such programs, too. */
function ofCells(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = { ...environment };
  delete kept['ELECTRON_RUN_AS_NODE'];
  return kept;
}

let interruption: AbortSignal | undefined;
const code = await runCommandLine(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: ofCells(process.env),
  installation: path.dirname(realpathSync(fileURLToPath(import.meta.url))),
  isTerminal: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
  hasColours: process.stderr.isTTY && process.env['NO_COLOR'] === undefined,
  interruption: () => (interruption ??= takeInterruptions()),
  readInput: () => readFileSync(0),
  get columns() {
    return process.stderr.columns || 80;
  },
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
// What a pipe or a file refuses is known when the text was handed on.
await new Promise((resolve) => process.stdout.write('', resolve));
if (lost !== undefined) process.stderr.write(`error CW902: Standard output cannot be written: ${lost}.\n`);
process.exitCode = lost === undefined ? code : 2;
