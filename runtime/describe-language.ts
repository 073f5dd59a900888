import type { Bundle } from '../compiler/bundle/format.ts';
import type { LanguageFound } from './event.ts';
import { runtimeOf } from './languages/registry.ts';
import type { Interpreter } from './process/interpreter.ts';
import type { LanguageInfo } from './process/language.ts';
import type { LocalStore } from './store/local.ts';

interface Asked {
  readonly interpreter: Interpreter;
  readonly store: LocalStore;
  /** Digest of all that the cells start from. */
  readonly start: string;
}

/** What the kernel says of its language, and what of it is told. */
export function describeLanguage(
  { notebook }: Bundle,
  { interpreter, start, store }: Asked,
): { readonly language: LanguageInfo | undefined; readonly told: LanguageFound | undefined } {
  const runtime = runtimeOf(notebook.language);
  const language = runtime.languageInfo(interpreter, start, store);
  if (language === undefined) return { language, told: undefined };
  const engine = runtime.engineOf(interpreter, start, store);
  const { name, version } = language;
  return { language, told: { type: 'language', name, version, ...(engine !== undefined && { engine }) } };
}
