import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from './command-line.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe went away; there is nobody left to tell.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCommandLine(process.argv.slice(2), {
  cwd: process.cwd(),
  environment: process.env,
  installation: path.dirname(realpathSync(fileURLToPath(import.meta.url))),
  isTerminal: process.stderr.isTTY && process.env['TERM'] !== 'dumb',
  columns: process.stderr.columns || 80,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
