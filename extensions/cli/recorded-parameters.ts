import type { Facts, RecordedValue } from '../../runtime/index.ts';
import { plainText, readValue, type ParameterValue, type ParameterValues } from './parameters.ts';
import { EnvironmentText, isList, PythonNumber } from './python-literal.ts';

/** Parameters as a certificate has them, in their order. */
export function recordParameters(values: ParameterValues): Facts['parameters'] {
  return [...values].map(([name, value]) => ({ name, value: recordValue(value) }));
}

function recordValue(value: ParameterValue): RecordedValue {
  if (value instanceof PythonNumber) {
    const text = plainText(value);
    return value.kind === 'int' ? { int: text } : { float: text };
  }
  // No certificate is made of a run with secrets.
  if (value instanceof EnvironmentText) return plainText(value);
  if (isList(value)) return value.map(recordValue);
  if (typeof value !== 'object' || value === null) return value;
  return { dict: Object.entries(value).map(([key, item]) => ({ key, value: recordValue(item) })) };
}

/** The parameters of a certificate. No text of it becomes code: numbers are read as the command line reads them. */
export function readRecorded(parameters: Facts['parameters']): ParameterValues {
  return new Map(parameters.map(({ name, value }) => [name, readRecordedValue(value)]));
}

function readRecordedValue(value: RecordedValue): ParameterValue {
  if (typeof value !== 'object' || value === null) return value;
  if ('int' in value) return readValue(value.int);
  if ('float' in value) return readValue(value.float);
  if ('dict' in value)
    return Object.fromEntries(value.dict.map(({ key, value: item }) => [key, readRecordedValue(item)]));
  return value.map(readRecordedValue);
}
