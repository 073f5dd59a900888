import type { Cell } from '../1-read/notebook.ts';
import type { NameUse } from '../2-analyze/effects.ts';
import type { Parameter } from '../bundle/format.ts';
import type { ParameterReader } from './tagged-parameters.ts';

/** How JavaScript and TypeScript write parameters: a declaration with a value. */
export const javascriptParameters: ParameterReader = { bound: readParameter, declared: () => [] };

function readParameter({ id, source }: Cell, { name, range }: NameUse): Parameter | undefined {
  const declared = new RegExp(
    `\\b(?:const|let|var)\\s+${name.replaceAll('$', '\\$')}\\s*(?::\\s*([^=;\\n]+?))?\\s*=(?!=|>)\\s*`,
  );
  const found = declared.exec(source);
  if (found === null) return undefined;
  const value = valueAt(source.slice(found.index + found[0].length));
  return { name, cell: id, range, type: typeOf(found[1], value), default: value };
}

/** The source of a value: over as many lines as its brackets and strings need. */
function valueAt(text: string): string {
  let depth = 0;
  let quote = '';
  let place = 0;
  for (; place < text.length; place++) {
    const letter = text[place] ?? '';
    if (quote !== '') {
      if (letter === '\\') place++;
      else if (letter === quote) quote = '';
    } else if (/["'`]/.test(letter)) quote = letter;
    else if (/[([{]/.test(letter)) depth++;
    else if (/[)\]}]/.test(letter)) depth--;
    else if (depth <= 0 && /[;,\n]/.test(letter)) break;
    else if (depth <= 0 && letter === '/' && text[place + 1] === '/') break;
  }
  return text.slice(0, place).trim();
}

const annotated: Readonly<Record<string, Parameter['type']>> = {
  string: 'str',
  // A number of JavaScript may always be a fraction.
  number: 'float',
  boolean: 'bool',
  unknown: 'unknown',
  any: 'unknown',
};

function typeOf(annotation: string | undefined, value: string): Parameter['type'] {
  const named = annotation?.replace(/\s*\|\s*(?:null|undefined)\b/g, '').trim();
  if (named !== undefined) {
    if (/\[\]$|^(?:Readonly)?Array</.test(named)) return 'list';
    return Object.hasOwn(annotated, named) ? (annotated[named] ?? 'unknown') : 'unknown';
  }
  if (/^["'`]/.test(value)) return 'str';
  if (/^-?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[-+]?\d+)?$/i.test(value)) return 'float';
  if (value === 'true' || value === 'false') return 'bool';
  if (value === 'null' || value === 'undefined') return 'None';
  if (value.startsWith('[')) return 'list';
  return value.startsWith('{') ? 'dict' : 'unknown';
}
