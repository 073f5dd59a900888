import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { Result } from '../../compiler/bundle/diagnostic.ts';
import { findMismatch, isObject } from '../../compiler/bundle/follow-schema.ts';
import { frozenSchema, frozenVersion, type Frozen } from './format.ts';

/** The text of a frozen state: sorted keys, a fact a line, so that a review shows what differs. */
export function writeFrozen(frozen: Frozen): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(frozen)), null, 1)}\n`;
}

function refuse(message: string): Result<never> {
  const help = 'Make it again with cellwright freeze NB, after a run that you accept.';
  return { ok: false, error: [{ code: 'CW607', severity: 'error', message, help, related: [] }] };
}

/** Reads a frozen state. Never throws on any input. @param shown how the file is called in messages */
export function readFrozen(text: string, shown: string): Result<Frozen> {
  try {
    const parsed: unknown = JSON.parse(text);
    const version = isObject(parsed) ? parsed['formatVersion'] : undefined;
    if (version !== frozenVersion) return refuse(`${shown} is no frozen state of version ${String(frozenVersion)}.`);
    const problem = findMismatch(parsed, frozenSchema);
    // The schema says the same as the type.
    return problem === undefined ? { ok: true, value: parsed as Frozen } : refuse(`${shown} is damaged: ${problem}.`);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse(`${shown} is not valid JSON.`);
    // Nested more deeply than any frozen state.
    if (error instanceof RangeError) return refuse(`${shown} is no frozen state.`);
    throw error;
  }
}
