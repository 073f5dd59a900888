import { spawnSync } from 'node:child_process';
import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import { askInterpreter, type Question } from '../process/ask-interpreter.ts';
import { findInterpreter } from '../process/interpreter.ts';

/** What is captured of cells of a run, and where it goes. */
export interface CaptureRequest {
  readonly state: string;
  readonly run: string;
  /** The folder of the tests; the others are relative to it. */
  readonly folder: string;
  readonly fixtures: string;
  readonly package: string;
  readonly notebook: string;
  /** Bytes beyond which a fixture is refused. */
  readonly most: number;
  /** Environment variables whose values no fixture may have. */
  readonly secrets: readonly string[];
  readonly cells: readonly {
    readonly id: string;
    readonly fixture: string;
    readonly function: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }[];
}

/** What became of a cell's fixture. */
export type Captured =
  | { readonly id: string; readonly problem: string }
  | {
      readonly id: string;
      readonly bytes: number;
      /** Files that are pickles. */
      readonly pickled: readonly string[];
      /** Results that are not compared. */
      readonly left: readonly string[];
      /** True when what the cell prints is compared. */
      readonly text: boolean;
    };

/** Writes fixtures of cells; each cell's function is called, to see that it gives again what the run gave. */
export function captureFixtures(
  request: CaptureRequest,
  asked: Omit<Question, 'given' | 'isolated'>,
): Result<readonly Captured[], Diagnostic> {
  const answer = askInterpreter({ ...asked, given: request, isolated: false });
  return answer.ok ? { ok: true, value: answer.value as readonly Captured[] } : answer;
}

/** What a run of tests said. */
export interface TestsRun {
  readonly passed: boolean;
  /** `pytest` where it is installed, else `unittest`. */
  readonly runner: 'pytest' | 'unittest';
  readonly text: string;
}

/** Runs a file of tests with the interpreter of the cells; undefined when there is none. */
export function runTests(
  file: { readonly folder: string; readonly module: string },
  asked: Pick<Question, 'cwd' | 'python' | 'kernel' | 'environment'>,
): TestsRun | undefined {
  const interpreter = findInterpreter(asked);
  if (interpreter === undefined) return undefined;
  const options = {
    cwd: asked.cwd,
    env: { ...asked.environment, ...interpreter.environment },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  } as const;
  const python = (words: readonly string[]): ReturnType<typeof spawnSync> =>
    spawnSync(interpreter.executable, words, options);
  const runner = python(['-c', 'import pytest']).status === 0 ? 'pytest' : 'unittest';
  const words =
    runner === 'pytest'
      ? ['-m', 'pytest', '-q', `${file.folder}/${file.module}.py`]
      : ['-m', 'unittest', 'discover', '-s', file.folder, '-p', `${file.module}.py`];
  const { status, stdout, stderr } = python(words);
  return { passed: status === 0, runner, text: `${String(stdout)}${String(stderr)}` };
}
