import type { ParsedArguments } from './args.ts';
import { usage, type Outcome } from './host.ts';
import type { Matrix } from './matrix.ts';
import { plainText, type ParameterValues } from './parameters.ts';

const help =
  'Write --matrix-exclude NAME=VALUE,NAME=VALUE with values of the matrix; each use leaves out what has all of them.';

/** Leaves out the variants that have all values of some `--matrix-exclude`. */
export function leaveOut(
  parsed: ParsedArguments,
  matrix: Matrix,
  variants: readonly ParameterValues[],
): Outcome<readonly ParameterValues[]> {
  const excluded: ReadonlyMap<string, string>[] = [];
  for (const { values } of parsed.uses.filter(({ flag }) => flag === 'matrix-exclude')) {
    const read = readOne(values[0] ?? '', matrix);
    if (typeof read === 'string') return { ok: false, result: usage(read, help) };
    excluded.push(read);
  }
  const left = variants.filter(
    (variant) => !excluded.some((one) => [...one].every(([name, text]) => textOf(variant, name) === text)),
  );
  if (left.length > 0) return { ok: true, value: left };
  return { ok: false, result: usage('All variants are excluded.', help) };
}

/** The values that are excluded together, as text, or what is wrong with the word. */
function readOne(word: string, matrix: Matrix): ReadonlyMap<string, string> | string {
  const found = new Map<string, string>();
  for (const part of word.split(',')) {
    const [name, value] = [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)];
    if (!part.includes('=')) return `--matrix-exclude ${word} has a part without a value: ${part}.`;
    const axis = matrix.get(name)?.map((one) => plainText(one));
    if (axis === undefined) return `--matrix-exclude names ${name}, which does not vary.`;
    // A value that no variant has would leave out nothing, and nobody would see it.
    if (!axis.includes(value)) return `No variant has ${name}=${value}; the values of ${name} are ${axis.join(', ')}.`;
    found.set(name, value);
  }
  return found;
}

function textOf(variant: ParameterValues, name: string): string {
  return plainText(variant.get(name) ?? null);
}
