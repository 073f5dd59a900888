import type { RecordedValue } from '../certificate/format.ts';

/** A recorded parameter as text for people. */
export function parameterText(value: RecordedValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return value;
  if ('int' in value) return value.int;
  if ('float' in value) return value.float;
  if ('dict' in value)
    return `{${value.dict.map(({ key, value: item }) => `${key}: ${parameterText(item)}`).join(', ')}}`;
  return `[${value.map((item) => parameterText(item)).join(', ')}]`;
}
