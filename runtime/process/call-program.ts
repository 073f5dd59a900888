import { spawn } from 'node:child_process';
import type { Variables } from '../variables.ts';

/** How a program ended. */
export interface ProgramAnswer {
  /** Undefined when a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  readonly out: string;
  /** What it said on standard error. */
  readonly said: string;
}

/** How a program is called. */
export interface ProgramCall {
  readonly cwd: string;
  readonly environment: Variables;
  readonly input?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Calls a program and waits; ends it when the signal is aborted. */
export async function callProgram(
  program: string,
  words: readonly string[],
  { cwd, environment, input, signal }: ProgramCall,
): Promise<ProgramAnswer> {
  const child = spawn(program, words, { cwd, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => said.push(part));
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const code = await new Promise<number | undefined>((resolve) => {
    child.on('error', () => {
      resolve(undefined);
    });
    child.on('close', (ended) => {
      resolve(ended ?? undefined);
    });
  });
  signal?.removeEventListener('abort', stop);
  return { code, out: Buffer.concat(out).toString('utf8'), said: Buffer.concat(said).toString('utf8').trim() };
}
