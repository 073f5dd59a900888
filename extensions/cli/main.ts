import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './command-line.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away; there is nobody left to tell.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// A second request, or a run that does not end by itself, ends the program at once.
const patience = 5000;
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
    setTimeout(() => process.exit(130), patience).unref();
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: process.env,
  installation: path.dirname(realpathSync(fileURLToPath(import.meta.url))),
  isTerminal: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
  hasColours: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  signal: interruption.signal,
  readInput: () => readFileSync(0),
  columns: process.stderr.columns || 80,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
