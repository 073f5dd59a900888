import { spawnSync } from 'node:child_process';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import type { Variables } from '../variables.ts';
import { findInterpreter } from './interpreter.ts';
import { lastAnswer } from './last-answer.ts';

/** A script of ours, for the interpreter that runs the cells. */
export interface Question {
  /** Path of the script. */
  readonly script: string;
  readonly cwd: string;
  readonly python?: string | undefined;
  readonly kernel: string;
  readonly environment: Variables;
  /** What it finds on standard input, as JSON. */
  readonly given: unknown;
  /** True: `-I` leaves the notebook's folder and `PYTHONPATH` out of the search path. */
  readonly isolated: boolean;
}

/** Runs a script of ours with a JSON document, and reads the one that it answers with. */
export function askInterpreter(question: Question): Result<unknown, Diagnostic> {
  const { script, cwd, environment, given, isolated } = question;
  const interpreter = findInterpreter(question);
  if (interpreter === undefined)
    return refuse('CW500', `No interpreter was found for ${question.python ?? question.kernel}.`);
  const done = spawnSync(interpreter.executable, [...(isolated ? ['-I'] : []), script], {
    cwd,
    env: { ...environment, ...interpreter.environment },
    input: JSON.stringify(given),
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  const { answer, reason } = lastAnswer(done);
  if (answer !== undefined) return { ok: true, value: answer };
  return refuse('CW501', `The interpreter gave no answer${reason === '' ? '' : `: ${reason}`}.`);
}

function refuse(code: 'CW500' | 'CW501', message: string): Result<never, Diagnostic> {
  const help = 'Name another interpreter with --python EXE.';
  return { ok: false, error: { code, severity: 'error', message, help, related: [] } };
}
