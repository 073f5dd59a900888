import type { Parameter } from '../../compiler/bundle/format.ts';
import { readMapping, readValue, type ParameterValue, type ParameterValues } from './parameters.ts';

/**
 * Values for all parameters whose default is a literal, the given ones first: an engine that sets parameters when it starts a step finds a line for each.
 * A default that is computed stays the notebook's.
 */
export function withDefaults(given: ParameterValues, parameters: readonly Parameter[]): ParameterValues {
  const values = new Map(given);
  for (const { name, type, default: source } of parameters) {
    if (values.has(name)) continue;
    const value = literalOf(type, source.trim());
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

function literalOf(type: Parameter['type'], source: string): ParameterValue | undefined {
  switch (type) {
    case 'int':
    case 'float':
    case 'bool': {
      const value = readValue(source);
      return typeof value === 'string' ? undefined : value;
    }
    case 'str':
      // Text that begins like a reference to the environment would be taken for one.
      return /^(?:"[^"\\\n]*"|'[^'\\\n]*')$/.test(source) && !/^.env:/.test(source) ? source.slice(1, -1) : undefined;
    case 'list':
    case 'dict':
      return literalOfSeveral(source);
    case 'None':
      return source === 'None' ? null : undefined;
    case 'unknown':
      return undefined;
  }
}

/** Lists and mappings of plain words are the same in Python and in YAML. */
function literalOfSeveral(source: string): ParameterValue | undefined {
  if (!/^[[{][\w\s.,:'"[\]{}+-]*[\]}]$/.test(source) || /\b(?:None|env|yes|no|on|off|null)\b|''/i.test(source))
    return undefined;
  const read = readMapping(`value: ${source}`, 'a default');
  return read.ok ? read.value.get('value') : undefined;
}
