import { parse, TomlError } from 'smol-toml';

/** A table of a TOML document. */
export type TomlTable = Readonly<Record<string, unknown>>;

/** A document, or in one line what is wrong with it, and in which line from 1. */
export type TomlReading =
  | { readonly ok: true; readonly value: TomlTable }
  | { readonly ok: false; readonly reason: string; readonly line: number };

/** Reads TOML 1.0. */
export function readToml(text: string): TomlReading {
  try {
    return { ok: true, value: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [first = ''] = error.message.split('\n');
    return { ok: false, reason: first.replace(/^Invalid TOML document: /, ''), line: error.line };
  }
}

/** True for a table. */
export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** True for a list of texts. */
export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** A text as TOML writes it. */
export function tomlText(text: string): string {
  // JSON escapes all that TOML wants to have escaped, but for DEL.
  return JSON.stringify(text).replaceAll('\u007f', String.raw`\u007f`);
}
