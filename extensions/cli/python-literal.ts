/** A number as Python would write it, so that `1.0` stays a float and a long integer keeps its digits. */
export class PythonNumber {
  readonly kind: 'int' | 'float';
  readonly literal: string;

  constructor(kind: 'int' | 'float', literal: string) {
    this.kind = kind;
    this.literal = literal;
  }
}

/** A secret: the text that an environment variable has when the cell runs. Its value is nowhere in this program's texts. */
export class EnvironmentText {
  readonly variable: string;

  constructor(variable: string) {
    this.variable = variable;
  }
}

/** What a parameter may be: the types that YAML has, and a reference to the environment. */
export type ParameterValue =
  | null
  | boolean
  | string
  | PythonNumber
  | EnvironmentText
  | readonly ParameterValue[]
  | { readonly [key: string]: ParameterValue };

/** A float as `repr` writes it: the shortest digits that give it back, with an exponent below 1e-4 and from 1e16 on. */
export function floatOf(number: number): PythonNumber {
  if (!Number.isFinite(number)) {
    const name = Number.isNaN(number) ? 'nan' : number < 0 ? '-inf' : 'inf';
    return new PythonNumber('float', `float('${name}')`);
  }
  const [mantissa = '', power = ''] = number.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return new PythonNumber('float', `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`);
  }
  const text = Object.is(number, -0) ? '-0' : String(number);
  return new PythonNumber('float', text.includes('.') ? text : `${text}.0`);
}

/** True for a list, which Array.isArray alone does not tell of a read-only one. */
export function isList(value: ParameterValue): value is readonly ParameterValue[] {
  return Array.isArray(value);
}

/** The value as Python source, letter for letter as papermill writes it. */
export function toPython(value: ParameterValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (value instanceof PythonNumber) return value.literal;
  // `runtime/secrets.ts` knows a secret by this text.
  if (value instanceof EnvironmentText) return `__import__("os").environ["${value.variable}"]`;
  if (isList(value)) return `[${value.map(toPython).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${quote(key)}: ${toPython(item)}`)
    .join(', ')}}`;
}

const named: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A Python string literal; what is not printable ASCII is escaped, so that no character can end the literal. */
function quote(text: string): string {
  let literal = '"';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if (Object.hasOwn(named, letter)) literal += named[letter] ?? '';
    else if (code >= 32 && code < 127) literal += letter;
    else if (code < 0x100) literal += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code > 0xffff) literal += `\\U${code.toString(16).padStart(8, '0')}`;
    else literal += `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return `${literal}"`;
}
