import type { FunctionPlace } from '../inspector.ts';

type Place = Pick<FunctionPlace, 'line' | 'column'>;

/** The texts that a process has run, to find what was written in them. */
export class Texts {
  readonly #texts: { readonly text: string; lines?: readonly number[] }[] = [];

  add(text: string): void {
    this.#texts.push({ text });
  }

  /** True when one of them has this text around a place. */
  has(source: string, place: Place): boolean {
    return this.#texts.some((one) => startIn(one, source, place) !== undefined);
  }

  /** True when it stands there at the beginning of a line, which in what a translation writes is but a declaration. */
  isAtTop(source: string, place: Place): boolean {
    return this.#texts.some((one) => {
      const start = startIn(one, source, place);
      return start !== undefined && (start === 0 || /(?:\n|^'use strict'; void 0;)$/.test(one.text.slice(0, start)));
    });
  }
}

function startIn(
  one: { readonly text: string; lines?: readonly number[] },
  source: string,
  { line, column }: Place,
): number | undefined {
  one.lines ??= beginnings(one.text);
  const begin = one.lines[line];
  if (begin === undefined) return undefined;
  const start = one.text.lastIndexOf(source, begin + column);
  return start >= 0 && begin + column <= start + source.length ? start : undefined;
}

function beginnings(text: string): readonly number[] {
  const found = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) found.push(at + 1);
  return found;
}
