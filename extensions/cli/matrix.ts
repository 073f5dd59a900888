import path from 'node:path';
import type { ParsedArguments } from './args.ts';
import { decodeText, readNamedFile } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import { plainText, readMapping, readValue, type ParameterValue, type ParameterValues } from './parameters.ts';
import { isList } from './python-literal.ts';

/** The values that each of some parameters is to have, in the order in which they were given. */
export type Matrix = ReadonlyMap<string, readonly ParameterValue[]>;

const mostVariants = 100_000;
const help = "Write --matrix NAME=VALUE,VALUE; a list in YAML where values have commas: --matrix 'NAME=[a, b]'.";

/** Reads every `--matrix`: names with values, or a YAML or JSON file of names with lists; the last word on a name wins. */
export function readMatrix(host: Host, parsed: ParsedArguments): Outcome<Matrix> {
  const matrix = new Map<string, readonly ParameterValue[]>();
  for (const { values } of parsed.uses.filter(({ flag }) => flag === 'matrix')) {
    const [word = ''] = values;
    const read = word.includes('=') ? readAxis(word) : readFile(host, word);
    if (!read.ok) return read;
    for (const [name, axis] of read.value) matrix.set(name, axis);
  }
  const problem = findProblem(matrix);
  return problem === undefined ? { ok: true, value: matrix } : refuse(problem);
}

function refuse<T>(message: string): Outcome<T> {
  return { ok: false, result: usage(message, help) };
}

function readAxis(word: string): Outcome<Matrix> {
  const at = word.indexOf('=');
  const [name, text] = [word.slice(0, at), word.slice(at + 1)];
  if (name === '') return refuse(`${word} names no parameter.`);
  if (!text.trimStart().startsWith('[')) {
    return { ok: true, value: new Map([[name, text.split(',').map((value) => readValue(value))]]) };
  }
  const read = readMapping(`values: ${text}`, `The list of --matrix ${name}`);
  if (!read.ok) return { ok: false, result: usage(read.error.message, help) };
  const list = read.value.get('values') ?? null;
  return isList(list) ? { ok: true, value: new Map([[name, list]]) } : refuse(`${text} is no list.`);
}

function readFile(host: Host, name: string): Outcome<Matrix> {
  if (!/\.(?:ya?ml|json)$/i.test(name)) return refuse(`--matrix ${name} names no values.`);
  const bytes = readNamedFile(host, name);
  if (!bytes.ok) return bytes;
  const text = decodeText(bytes.value);
  if (text === undefined) return refuse(`${name} is not UTF-8 text.`);
  const read = readMapping(text, path.basename(name));
  if (!read.ok) return { ok: false, result: usage(read.error.message, 'Give one `name: [value, value]` a line.') };
  const matrix = new Map<string, readonly ParameterValue[]>();
  for (const [parameter, values] of read.value) {
    if (!isList(values)) return refuse(`${parameter} in ${name} has no list of values.`);
    matrix.set(parameter, values);
  }
  return { ok: true, value: matrix };
}

function findProblem(matrix: Matrix): string | undefined {
  for (const [name, values] of matrix) {
    if (values.length === 0) return `${name} has no values.`;
    const seen = new Set<string>();
    for (const value of values) {
      const text = textOf(value);
      if (seen.has(text)) return `${name} has the value ${plainText(value)} twice.`;
      seen.add(text);
    }
  }
  const number = [...matrix.values()].reduce((product, { length }) => product * length, 1);
  return number > mostVariants ? `These are ${number} variants; at most ${mostVariants} can be run.` : undefined;
}

/** Equal for equal values alone: 1 and "1" differ. */
function textOf(value: ParameterValue): string {
  return `${typeof value} ${plainText(value)}`;
}

/** Every combination, the last name changing fastest, each with the values that all have. */
export function combine(matrix: Matrix, rest: ParameterValues): readonly ParameterValues[] {
  let all: readonly ParameterValues[] = [new Map(rest)];
  for (const [name, values] of matrix) {
    all = all.flatMap((one) => values.map((value) => new Map([...one, [name, value] as const])));
  }
  return all;
}

/** What a variant is called: `origin=JFK,trees=100`. */
export function nameOf(names: Iterable<string>, values: ParameterValues): string {
  return [...names].map((name) => `${name}=${plainText(values.get(name) ?? null)}`).join(',');
}

const longestName = 180;

/** Names of files for all variants: what a file system may not take is written as `%` and digits, and each is another one. */
export function fileNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name, place) => {
    // Leading points hide a file, and some systems take no difference between letters for one.
    const safe = name
      .replaceAll(/[^\p{L}\p{N}=,._+@ -]/gu, (letter) => `%${Buffer.from(letter).toString('hex').toUpperCase()}`)
      .replace(/^\./, '%2E');
    const short = Buffer.byteLength(safe) > longestName ? `${cut(safe)}~${place + 1}` : safe;
    const own = taken.has(short.toLowerCase()) ? `${cut(short)}~${place + 1}` : short;
    taken.add(own.toLowerCase());
    return own;
  });
}

function cut(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > longestName - 10) short = short.slice(0, -1);
  // A half of a letter must not be left.
  return short.replace(/[\uD800-\uDBFF]$/, '');
}
