/** Parameters as papermill's users give them: `-p NAME VALUE`, `-r NAME TEXT`, `-f FILE`, `-y YAML`; the last word on a name wins. */
import { FAILSAFE_SCHEMA, NOT_RESOLVED, YAMLException, defineScalarTag, load, mergeTag, nullYaml11Tag } from 'js-yaml';
import type { Parameter } from '../../compiler/bundle/format.ts';
import { nearest, type UsageError } from './args.ts';
import { EnvironmentText, PythonNumber, floatOf, isList, toPython, type ParameterValue } from './python-literal.ts';

export type { ParameterValue } from './python-literal.ts';

/** Values by name, in the order in which the names were first given. */
export type ParameterValues = ReadonlyMap<string, ParameterValue>;

// The words that Python's int() and float() take, without the surrounding blanks.
const mostDigits = 4300;
const pythonInteger = /^[+-]?\d+(?:_\d+)*$/;
const pythonFloat = /^[+-]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i;
const pythonSpecial = /^([+-]?)(?:(inf(?:inity)?)|nan)$/i;

const reference = /^env:([A-Za-z_]\w*)$/;

/** `env:NAME` stands for what the environment variable NAME has; in a list or mapping as well. */
function followReferences(value: ParameterValue): ParameterValue {
  if (typeof value === 'string') {
    const variable = reference.exec(value)?.[1];
    return variable === undefined ? value : new EnvironmentText(variable);
  }
  if (isList(value)) return value.map(followReferences);
  if (typeof value !== 'object' || value === null || isAtom(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, followReferences(item)]));
}

function isAtom(value: ParameterValue): value is PythonNumber | EnvironmentText {
  return value instanceof PythonNumber || value instanceof EnvironmentText;
}

/** The value of the word after `-p NAME`: a reference to the environment, else what {@link readWord} reads. */
export function readValue(word: string): ParameterValue {
  return followReferences(readWord(word));
}

/** A word as papermill reads it: `True`, `False`, `None`, what int() or float() take, else text. */
function readWord(word: string): ParameterValue {
  if (word === 'True' || word === 'False') return word === 'True';
  if (word === 'None') return null;
  const bare = word.trim();
  // Beyond this Python refuses to read an integer, and papermill takes it for a float.
  if (pythonInteger.test(bare) && bare.length <= mostDigits) return integerOf(bare.replaceAll('_', ''), 10);
  if (pythonFloat.test(bare)) return floatOf(Number(bare.replaceAll('_', '')));
  const special = pythonSpecial.exec(bare);
  if (special === null) return word;
  return floatOf(special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity);
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
  if (yamlFloat.test(source)) return floatOf(Number(`${sign}${bare}`));
  const sixty = yamlSixty.exec(source);
  if (sixty !== null) {
    const value = bare.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
    return integerOf(`${sign}${value.toString()}`, 10);
  }
  const special = yamlSpecial.exec(source);
  if (special === null) return undefined;
  return floatOf(special[2] === undefined ? Number.NaN : special[1] === '-' ? -Infinity : Infinity);
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

const deepest = 100;
const mostValues = 1_000_000;

/** False for a value that holds itself by an alias, or that aliases multiply beyond any use. */
function fits(value: ParameterValue, levels: number, size: { left: number }): boolean {
  if (levels === 0 || --size.left < 0) return false;
  if (typeof value !== 'object' || value === null || value instanceof PythonNumber) return true;
  return Object.values(value).every((item: ParameterValue) => fits(item, levels - 1, size));
}

function readYaml(text: string): YamlRead {
  try {
    const read = text.trim() === '' ? null : load(text, { schema });
    // The schema makes nothing else.
    const value = (read ?? null) as ParameterValue;
    const size = { left: mostValues };
    return fits(value, deepest, size)
      ? { ok: true, value }
      : { ok: false, message: 'it holds itself, or is far too large' };
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
  const entries = Object.entries(read.value as Record<string, ParameterValue>);
  return { ok: true, value: new Map(entries.map(([name, value]) => [name, followReferences(value)])) };
}

/** The first name that the notebook has no parameter for. */
export function findUnknown(
  values: ParameterValues,
  parameters: readonly Parameter[],
): (UsageError & { readonly name: string }) | undefined {
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
    return { message, help, name };
  }
  return undefined;
}

/** The value as it stands in a file name, as Python's str() gives it. */
export function plainText(value: ParameterValue): string {
  if (typeof value === 'string') return value;
  if (value instanceof PythonNumber) return value.literal.replace(/^float\('(.*)'\)$/, '$1');
  if (value instanceof EnvironmentText) return `env:${value.variable}`;
  return toPython(value);
}

/**
 * The value for a JSON document. An integer that is too long for JSON.stringify becomes text that starts with `mark`, for
 * {@link writeLongIntegers}; a number that JSON does not have becomes text for good.
 */
export function toJson(value: ParameterValue, mark: string): unknown {
  if (value instanceof PythonNumber) {
    const number = Number(value.literal);
    if (value.kind === 'int') return Number.isSafeInteger(number) ? number : `${mark}${value.literal}`;
    return Number.isFinite(number) ? number : value.literal;
  }
  if (value instanceof EnvironmentText) return plainText(value);
  if (isList(value)) return value.map((item) => toJson(item, mark));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item, mark)]));
}

/** Puts the digits of long integers in the place of their marks. */
export function writeLongIntegers(json: string, mark: string): string {
  return json.replaceAll(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}
