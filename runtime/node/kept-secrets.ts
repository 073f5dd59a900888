import { shortestSecret, writings } from '../secrets.ts';

/** Texts of so many codes are looked for in memory. */
const codes = ['utf8', 'utf16le', 'latin1'] as const;
const place = /^env:([A-Za-z_]\w*) /;

/**
 * Secrets that parameters refer to: text of environment variables that no object of the store may have in it. A variable that is such a text
 * is not stored: every process takes it from its own environment. Whatever else has one in it stays in its process.
 */
export class KeptSecrets {
  readonly #values = new Map<string, string>();
  readonly #texts: readonly string[];
  readonly #bytes: readonly Buffer[];

  /** @param names of environment variables */
  constructor(names: readonly string[], variables: Readonly<Record<string, string | undefined>>) {
    for (const name of names) {
      const value = variables[name] ?? '';
      if (value.length >= shortestSecret) this.#values.set(name, value);
    }
    this.#texts = [...new Set([...this.#values.values()].flatMap(writings))];
    const all = new Map(
      this.#texts
        .flatMap((text) => codes.map((code) => Buffer.from(text, code)))
        .map((one) => [one.toString('hex'), one]),
    );
    this.#bytes = [...all.values(), ...this.#texts.map(inUtf32)];
  }

  /** What stands for a variable that is a secret, with whatever else tells it from others; undefined for any other value. */
  placeOf(value: unknown, more: string): string | undefined {
    if (typeof value !== 'string') return undefined;
    for (const [name, secret] of this.#values) if (value === secret) return `env:${name} ${more}`;
    return undefined;
  }

  /** The secret of such a place; undefined for an object of the store. */
  at(object: string): string | undefined {
    const [, name] = place.exec(object) ?? [];
    return name === undefined ? undefined : this.#values.get(name);
  }

  /** True when one of them is in a text or in memory that is to be written. */
  areIn(text: string, memory: readonly Uint8Array[]): boolean {
    if (this.#values.size === 0) return false;
    if (this.#texts.some((secret) => text.includes(secret))) return true;
    return memory.some((part) => {
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      return this.#bytes.some((secret) => bytes.includes(secret));
    });
  }
}

function inUtf32(text: string): Buffer {
  return Buffer.from(Uint32Array.from(Array.from(text, (letter) => letter.codePointAt(0) ?? 0)).buffer);
}
