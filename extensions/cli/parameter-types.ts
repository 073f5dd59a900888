import type { Parameter } from '../../compiler/bundle/format.ts';
import type { UsageError } from './args.ts';
import { plainText, type ParameterValues } from './parameters.ts';
import { EnvironmentText, PythonNumber, type ParameterValue } from './python-literal.ts';

/** The first value that is not of its parameter's type, or the first parameter that has to be given and is not. */
export function findMisfit(values: ParameterValues, parameters: readonly Parameter[]): UsageError | undefined {
  for (const parameter of parameters) {
    const value = values.get(parameter.name);
    if (value === undefined || value === null) continue;
    const type = typeOf(value);
    if (!fits(type, parameter)) return describeMisfit(parameter, value);
  }
  return undefined;
}

/** The first parameter that the notebook declares without a value, and that is not given one. */
export function findMissing(values: ParameterValues, parameters: readonly Parameter[]): UsageError | undefined {
  const missing = parameters.find(({ name, required }) => required === true && !values.has(name));
  if (missing === undefined) return undefined;
  const type = missing.type === 'unknown' ? '' : ` (${missing.type})`;
  return {
    message: `The parameter ${missing.name}${type} has no default, and no value was given.`,
    help: `Nothing was run. Give it with -p ${missing.name} VALUE.`,
  };
}

function fits(type: Parameter['type'], parameter: Parameter): boolean {
  if (parameter.type === 'unknown' || parameter.type === 'None' || parameter.type === type) return true;
  return parameter.type === 'float' && type === 'int';
}

function describeMisfit(parameter: Parameter, value: Exclude<ParameterValue, null>): UsageError {
  const { name, type, default: source } = parameter;
  const shown = source === '' ? '' : ` (${source})`;
  const given = typeOf(value);
  return {
    message: `${name} is ${given} here and ${type} in the notebook${shown}.`,
    help: `Nothing was run. ${suggest(parameter, value, given)}`,
  };
}

function suggest({ name, type, default: source }: Parameter, value: ParameterValue, given: string): string {
  if (type === 'str' && value instanceof PythonNumber) return `To give text: -r ${name} ${plainText(value)}`;
  if (type === 'str' && typeof value === 'boolean') return `To give text: -r ${name} ${plainText(value)}`;
  if (type === 'bool') return `Give True or False: -p ${name} True`;
  if (type === 'list') return `Give a list: -y '${name}: [1, 2]'`;
  if (type === 'dict') return `Give a mapping: -y '${name}: {key: value}'`;
  if (type === 'int' && given === 'float') {
    return `Where it may be a fraction, annotate it in the notebook: ${name}: float = ${source === '' ? '1' : source}`;
  }
  return 'Numbers are typed as Python writes them, for instance 1e-3. Where other types are meant, annotate the parameter.';
}

function typeOf(value: Exclude<ParameterValue, null>): Parameter['type'] {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string' || value instanceof EnvironmentText) return 'str';
  if (value instanceof PythonNumber) return value.kind;
  return Array.isArray(value) ? 'list' : 'dict';
}
