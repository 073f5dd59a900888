/** Parameters as papermill's users give them: `-p NAME VALUE`, `-r NAME TEXT`, `-f FILE`, `-y YAML`; the last word on a name wins. */
import {
  FAILSAFE_SCHEMA,
  NOT_RESOLVED,
  YAMLException,
  boolYaml11Tag,
  defineScalarTag,
  load,
  mergeTag,
  nullYaml11Tag,
} from 'js-yaml';
import type { Parameter } from '../../compiler/bundle/format.ts';
import { nearest, type UsageError } from './args.ts';

/** A number as Python would write it, so that `1.0` stays a float and a long integer keeps its digits. */
export class PythonNumber {
  readonly kind: 'int' | 'float';
  readonly literal: string;

  constructor(kind: 'int' | 'float', literal: string) {
    this.kind = kind;
    this.literal = literal;
  }
}

/** What a parameter may be: the types that YAML has. */
export type ParameterValue =
  null | boolean | string | PythonNumber | readonly ParameterValue[] | { readonly [key: string]: ParameterValue };

/** Values by name, in the order in which the names were first given. */
export type ParameterValues = ReadonlyMap<string, ParameterValue>;

const infinity = /^[+-]?\.?inf(?:inity)?$/i;
const notANumber = /^[+-]?\.?nan$/i;
const integer = /^[+-]?\d+(?:_\d+)*$/;
const real = /^[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number that a word stands for in YAML or in Python, or undefined. */
export function readNumber(word: string): PythonNumber | undefined {
  if (integer.test(word)) {
    const plain = word.replaceAll('_', '').replace(/^\+/, '');
    return new PythonNumber('int', BigInt(plain).toString());
  }
  if (/^0x[0-9a-f]+$|^0o[0-7]+$/i.test(word)) return new PythonNumber('int', BigInt(word).toString());
  if (real.test(word)) return new PythonNumber('float', word.replaceAll('_', '').replace(/^\+/, ''));
  if (infinity.test(word)) return new PythonNumber('float', `float('${word.startsWith('-') ? '-' : ''}inf')`);
  if (notANumber.test(word)) return new PythonNumber('float', "float('nan')");
  return undefined;
}

const numberTag = defineScalarTag('tag:yaml.org,2002:float', {
  implicit: true,
  resolve: (source) => readNumber(source) ?? NOT_RESOLVED,
  identify: () => false,
});
const integerTag = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  resolve: (source) => {
    const number = readNumber(source);
    return number?.kind === 'int' ? number : NOT_RESOLVED;
  },
  identify: () => false,
});
// Dates stay text, as papermill reads them.
const schema = FAILSAFE_SCHEMA.withTags(nullYaml11Tag, boolYaml11Tag, integerTag, numberTag, mergeTag);

/** The value of a word after `-p NAME`: YAML's scalars, Python's `True`, `False`, `None`, and lists or mappings in brackets. */
export function readValue(word: string): ParameterValue {
  switch (word) {
    case 'True':
    case 'true':
    case 'TRUE':
      return true;
    case 'False':
    case 'false':
    case 'FALSE':
      return false;
    case 'None':
    case 'null':
    case 'Null':
    case 'NULL':
    case '~':
      return null;
    default:
      break;
  }
  const number = readNumber(word);
  if (number !== undefined) return number;
  if (!/^\s*[[{]/.test(word)) return word;
  const read = readYaml(word);
  return read.ok && typeof read.value === 'object' ? read.value : word;
}

type YamlRead =
  { readonly ok: true; readonly value: ParameterValue } | { readonly ok: false; readonly message: string };

function readYaml(text: string): YamlRead {
  try {
    const read = text.trim() === '' ? null : load(text, { schema });
    // The schema makes nothing else.
    return { ok: true, value: (read ?? null) as ParameterValue };
  } catch (error) {
    if (error instanceof YAMLException) return { ok: false, message: error.message.split('\n')[0] ?? 'not YAML' };
    throw error;
  }
}

/** Either the mapping that a YAML text is, or why it is none. `origin` says where the text came from. */
export function readMapping(
  text: string,
  origin: string,
): { readonly ok: true; readonly value: ParameterValues } | { readonly ok: false; readonly error: UsageError } {
  const read = readYaml(text);
  const help = 'Give one `name: value` a line.';
  if (!read.ok) return { ok: false, error: { message: `${origin} is not YAML: ${read.message}.`, help } };
  if (read.value === null) return { ok: true, value: new Map() };
  if (typeof read.value !== 'object' || Array.isArray(read.value) || read.value instanceof PythonNumber) {
    return { ok: false, error: { message: `${origin} is no mapping of names to values.`, help } };
  }
  return { ok: true, value: new Map(Object.entries(read.value as Record<string, ParameterValue>)) };
}

/** The first name that the notebook has no parameter for. */
export function findUnknown(values: ParameterValues, parameters: readonly Parameter[]): UsageError | undefined {
  const known = parameters.map((parameter) => parameter.name);
  for (const name of values.keys()) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const message =
      near === undefined ? `There is no parameter ${name}.` : `There is no parameter ${name} (did you mean ${near}?).`;
    const help =
      known.length === 0
        ? 'The notebook has no parameters: tag the cell that assigns their defaults `parameters`.'
        : `Nothing was run. The parameters are ${known.join(', ')}.`;
    return { message, help };
  }
  return undefined;
}

/** A value of another type than its default; allowed, as in Python, but rarely meant. */
export function describeMismatch(values: ParameterValues, parameters: readonly Parameter[]): readonly string[] {
  const found: string[] = [];
  for (const parameter of parameters) {
    const value = values.get(parameter.name);
    if (value === undefined || value === null) continue;
    const type = typeOf(value);
    if (parameter.type === 'unknown' || parameter.type === 'None' || parameter.type === type) continue;
    if (parameter.type === 'float' && type === 'int') continue;
    found.push(`${parameter.name} is ${type} here and ${parameter.type} in the notebook (${parameter.default}).`);
  }
  return found;
}

function typeOf(value: Exclude<ParameterValue, null>): Parameter['type'] {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'str';
  if (value instanceof PythonNumber) return value.kind;
  return Array.isArray(value) ? 'list' : 'dict';
}

/** The value as Python source. */
export function toPython(value: ParameterValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (value instanceof PythonNumber) return value.literal;
  if (isList(value)) return `[${value.map(toPython).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${quote(key)}: ${toPython(item)}`)
    .join(', ')}}`;
}

function isList(value: ParameterValue): value is readonly ParameterValue[] {
  return Array.isArray(value);
}

/** A Python string literal; what is not printable ASCII is escaped, so that no character can end the literal. */
function quote(text: string): string {
  let literal = '"';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (letter === '"' || letter === '\\') literal += `\\${letter}`;
    else if (letter === '\n') literal += '\\n';
    else if (code >= 32 && code < 127) literal += letter;
    else if (code > 0xffff) literal += `\\U${code.toString(16).padStart(8, '0')}`;
    else literal += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `${literal}"`;
}

interface DocumentCell {
  readonly id?: string;
  readonly cell_type: string;
  readonly metadata: { readonly tags?: readonly string[] };
}

/**
 * The notebook with a cell that assigns the values, where papermill puts it: in place of an earlier injected cell, else after the
 * cell tagged `parameters`, else at the top.
 * @param document nbformat 4.5 JSON text
 */
export function injectParameters(document: string, values: ParameterValues): string {
  const notebook = JSON.parse(document) as { cells: unknown[] };
  const cells = notebook.cells as DocumentCell[];
  const lines = [...values].map(([name, value]) => `${name} = ${toPython(value)}`);
  const ids = new Set(cells.map((cell) => cell.id));
  let id = 'injected-parameters';
  while (ids.has(id)) id += '-1';
  const cell = {
    cell_type: 'code',
    execution_count: null,
    id,
    metadata: { tags: ['injected-parameters'] },
    outputs: [],
    source: `# Parameters\n${lines.join('\n')}\n`,
  };
  const place = (tag: string): number => cells.findIndex((candidate) => candidate.metadata.tags?.includes(tag));
  const injected = place('injected-parameters');
  if (injected >= 0) notebook.cells.splice(injected, 1, cell);
  else notebook.cells.splice(place('parameters') + 1, 0, cell);
  return `${JSON.stringify(notebook, null, 1)}\n`;
}
