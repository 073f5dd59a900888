/** Parameters as papermill's users give them: `-p NAME VALUE`, `-r NAME TEXT`, `-f FILE`, `-y YAML`; the last word on a name wins. */
import { FAILSAFE_SCHEMA, NOT_RESOLVED, YAMLException, defineScalarTag, load, mergeTag, nullYaml11Tag } from 'js-yaml';
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

// The words that Python's int() and float() take, without the surrounding blanks.
const pythonInteger = /^[+-]?\d+(?:_\d+)*$/;
const pythonFloat = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const pythonSpecial = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i;

/** The value of the word after `-p NAME`, as papermill reads it: `True`, `False`, `None`, what int() or float() take, else text. */
export function readValue(word: string): ParameterValue {
  if (word === 'True' || word === 'False') return word === 'True';
  if (word === 'None') return null;
  const bare = word.trim();
  if (pythonInteger.test(bare)) return integerOf(bare.replaceAll('_', ''), 10);
  if (pythonFloat.test(bare)) return new PythonNumber('float', bare.replaceAll('_', '').replace(/^\+/, ''));
  const special = pythonSpecial.exec(bare);
  if (special === null) return word;
  return specialFloat(special[2] === undefined ? 'nan' : special[1] === '-' ? '-inf' : 'inf');
}

function specialFloat(name: string): PythonNumber {
  return new PythonNumber('float', `float('${name}')`);
}

/** An integer of any length; `digits` may have a sign. */
function integerOf(digits: string, base: 2 | 8 | 10 | 16): PythonNumber {
  const prefix = { 2: '0b', 8: '0o', 10: '', 16: '0x' }[base];
  const value = BigInt(prefix + digits.replace(/^[+-]/, ''));
  return new PythonNumber('int', `${digits.startsWith('-') && value !== 0n ? '-' : ''}${value.toString()}`);
}

const yamlFloat = /^[+-]?\d[\d_]*\.[\d_]*(?:e[+-]\d+)?$|^\.\d[\d_]*(?:e[+-]\d+)?$/i;
const yamlSixty = /^([+-]?)([1-9][\d_]*(?::[0-5]?\d)+)$/;
const yamlSpecial = /^([+-]?)\.(?:(inf|Inf|INF)|(?:nan|NaN|NAN))$/;

/** The number that a word in a YAML file is, by the rules of YAML 1.1, which papermill's reader follows: `1e5` is text, `010` is 8. */
function readYamlNumber(source: string): PythonNumber | undefined {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(source) ?? [];
  const bare = digits.replaceAll('_', '');
  if (/^0b[01_]+$/.test(digits) && bare !== '0b') return integerOf(sign + bare.slice(2), 2);
  if (/^0x[0-9a-fA-F_]+$/.test(digits) && bare !== '0x') return integerOf(sign + bare.slice(2), 16);
  if (/^0[0-7_]+$/.test(digits) && bare !== '') return integerOf(sign + bare, 8);
  if (/^(?:0|[1-9][\d_]*)$/.test(digits)) return integerOf(sign + bare, 10);
  if (yamlFloat.test(source)) return new PythonNumber('float', `${sign.replace('+', '')}${bare}`);
  const sixty = yamlSixty.exec(source);
  if (sixty !== null) {
    const value = bare.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
    return integerOf(`${sign}${value.toString()}`, 10);
  }
  const special = yamlSpecial.exec(source);
  if (special === null) return undefined;
  return specialFloat(special[2] === undefined ? 'nan' : special[1] === '-' ? '-inf' : 'inf');
}

const numberTag = defineScalarTag('tag:yaml.org,2002:float', {
  implicit: true,
  resolve: (source) => readYamlNumber(source) ?? NOT_RESOLVED,
  identify: () => false,
});
const integerTag = defineScalarTag('tag:yaml.org,2002:int', {
  implicit: true,
  resolve: (source) => {
    const number = readYamlNumber(source);
    return number?.kind === 'int' ? number : NOT_RESOLVED;
  },
  identify: () => false,
});
const booleanTag = defineScalarTag('tag:yaml.org,2002:bool', {
  implicit: true,
  resolve: (source) => {
    if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(source)) return true;
    return /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(source) ? false : NOT_RESOLVED;
  },
  identify: () => false,
});
// Dates stay text, as papermill reads them.
const schema = FAILSAFE_SCHEMA.withTags(nullYaml11Tag, booleanTag, integerTag, numberTag, mergeTag);

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

/** The value as it stands in a file name. */
export function plainText(value: ParameterValue): string {
  return typeof value === 'string' ? value : toPython(value);
}

/** The value as JSON; a number that JSON does not have stays text. */
export function toJson(value: ParameterValue): unknown {
  if (value instanceof PythonNumber) {
    const number = Number(value.literal);
    return Number.isFinite(number) && (value.kind === 'float' || Number.isSafeInteger(number)) ? number : value.literal;
  }
  if (isList(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}
