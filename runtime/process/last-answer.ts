import type { SpawnSyncReturns } from 'node:child_process';

/** What a script of ours answered. */
export interface LastAnswer {
  /** A JSON value; undefined when it gave none. */
  readonly answer: unknown;
  /** Why it gave none, as far as the system or its last line says it; may be empty. */
  readonly reason: string;
}

/** Reads the JSON document that a script of ours, run by the interpreter of the cells, has answered with. */
export function lastAnswer({ status, stdout, stderr, error }: SpawnSyncReturns<string>): LastAnswer {
  const reason = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  return { answer: status === 0 ? parse(stdout) : undefined, reason };
}

/** The last line: what is installed may print something when the interpreter starts. */
function parse(output: string): unknown {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
