import { javascript } from './javascript.ts';
import type { LanguageRuntime } from './language-runtime.ts';
import { python } from './python.ts';

const runtimes: readonly LanguageRuntime[] = [python, javascript];

/** What runs the cells of a language; a notebook that names none is one of Python. */
export function runtimeOf(language: string): LanguageRuntime {
  return runtimes.find((runtime) => runtime.runs(language)) ?? python;
}
