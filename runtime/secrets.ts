import type { AttemptResult, OutputMessage } from './process/protocol.ts';
import type { Variables } from './variables.ts';

/** What stands in the place of a secret. */
const veil = '••••';
/** Shorter text is too common to be told from other text. */
export const shortestSecret = 4;
/** A line of a secret of several lines counts by itself from this length on. */
const shortestLine = 8;

/** As injected cells refer to one, in Python and in JavaScript. */
const reference = /(?:__import__\("os"\)\.environ|process\.env)\["([A-Za-z_]\w*)"\]/g;

interface DocumentCell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
  readonly metadata: { readonly tags?: readonly string[] };
}

/**
 * The environment variables that a notebook takes secrets from: those that its injected cells refer to, whoever has injected them.
 * @param document nbformat 4 JSON text
 */
export function secretNames(document: string): readonly string[] {
  if (!document.includes('injected-parameters')) return [];
  const { cells } = JSON.parse(document) as { readonly cells: readonly DocumentCell[] };
  const names = new Set<string>();
  for (const { cell_type: kind, source, metadata } of cells) {
    if (kind !== 'code' || metadata.tags?.includes('injected-parameters') !== true) continue;
    const text = typeof source === 'string' ? source : source.join('');
    for (const [, name = ''] of text.matchAll(reference)) names.add(name);
  }
  return [...names].sort();
}

/** The secrets of a run. Their values are in memory alone: nothing is written of a text before it went through {@link Secrets.mask}. */
export class Secrets {
  /** Names of environment variables. */
  readonly names: readonly string[];
  readonly #pattern: RegExp | undefined;

  constructor(names: readonly string[], variables: Variables) {
    this.names = names;
    const texts = new Set(names.flatMap((name) => writings(variables[name] ?? '')));
    // The longest first: a part of one may be another.
    const words = [...texts].sort((left, right) => right.length - left.length).map(escapePattern);
    this.#pattern = words.length === 0 ? undefined : new RegExp(words.join('|'), 'g');
  }

  /** The text with a veil over every secret. */
  mask(text: string): string {
    return this.#pattern === undefined ? text : text.replaceAll(this.#pattern, veil);
  }

  /** True when there is a secret in the text. */
  isIn(text: string): boolean {
    return this.mask(text) !== text;
  }

  /** A value of JSON with a veil over every secret, names of members included; the value itself when there is none. */
  maskAll<T>(value: T): T {
    return this.#pattern === undefined ? value : (this.#maskValue(value) as T);
  }

  /** What a cell showed. Text that came in pieces is looked at as a whole; without a secret in it all is as it was. */
  maskOutputs(outputs: readonly OutputMessage[]): readonly OutputMessage[] {
    if (this.#pattern === undefined) return outputs;
    const joined: OutputMessage[] = [];
    for (const output of outputs) {
      const last = joined.at(-1);
      if (output.kind !== 'stream' || last?.kind !== 'stream' || last.name !== output.name) joined.push(output);
      else joined[joined.length - 1] = { ...last, text: last.text + output.text };
    }
    const masked = this.maskAll(joined);
    return masked === joined ? outputs : masked;
  }

  /** A result with a veil over what was seen after its cell. */
  maskMeasured(result: AttemptResult): AttemptResult {
    return result.measured === undefined ? result : { ...result, measured: this.maskAll(result.measured) };
  }

  /** Why no later run may use what a cell gave: it had a secret, which may be another one then. */
  reasonOf(
    result: Pick<AttemptResult, 'reads' | 'variables' | 'measured'>,
    outputs: readonly OutputMessage[],
  ): string | undefined {
    const [named] = this.names.filter((name) => name in result.variables || '*' in result.variables);
    const read = Object.values(result.reads).find((content) => content.startsWith('env:'));
    if (named !== undefined || read !== undefined)
      return `it reads the secret ${named ?? /^env:(\w+)/.exec(read ?? '')?.[1] ?? ''}`;
    if (this.#pattern === undefined) return undefined;
    return JSON.stringify([outputs, result.measured]).includes(veil) ? 'it shows a secret' : undefined;
  }

  #maskValue(value: unknown): unknown {
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.#maskValue(item));
      return items.every((item, place) => item === value[place]) ? value : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const masked = entries.map(([name, item]) => [this.mask(name), this.#maskValue(item)] as const);
    const isSame = masked.every(([name, item], place) => name === entries[place]?.[0] && item === entries[place][1]);
    return isSame ? value : Object.fromEntries(masked);
  }
}

/** How a text may be written: as it is, and as Python, JSON, HTML and addresses write it; each longer line of it as well. */
export function writings(secret: string): readonly string[] {
  if (secret.length < shortestSecret) return [];
  const lines = secret.split(/\r\n?|\n/);
  const parts = [secret, ...(lines.length > 1 ? lines.filter((line) => line.trim().length >= shortestLine) : [])];
  return parts.flatMap((part) => {
    const json = JSON.stringify(part).slice(1, -1);
    const escaped = part
      .replaceAll('\\', '\\\\')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r')
      .replaceAll('\t', '\\t');
    const html = part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const ascii = json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    const python = escaped.replaceAll(/[^\x20-\x7e]/gu, pythonEscape);
    return [
      part,
      json,
      ascii,
      python,
      python.replaceAll("'", "\\'"),
      python.replaceAll('"', '\\"'),
      escaped,
      escaped.replaceAll("'", "\\'"),
      html,
      html.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
      html.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
      encodeAddress(part),
      encodeAddress(part).replaceAll('%20', '+'),
    ];
  });
}

/** As `ascii()` writes a letter, and the injected cell. */
function pythonEscape(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function encodeAddress(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
