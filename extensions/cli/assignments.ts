import { EnvironmentText, PythonNumber, isList, toPython, type ParameterValue } from './python-literal.ts';

/** How a language writes that parameters have other values. */
export interface Assignments {
  /** @param declaring texts of the cells that declare the parameters */
  readonly assign: (name: string, value: ParameterValue, declaring: readonly string[]) => string;
}

const python: Assignments = {
  assign: (name, value) => `${name} = ${toPython(value)}`,
};

const javascript: Assignments = {
  // What was declared as a constant can be declared again as one, and not be assigned to.
  assign: (name, value, declaring) => {
    const isConstant = declaring.some((text) => new RegExp(`\\bconst\\s+${name.replaceAll('$', '\\$')}\\b`).test(text));
    return `${isConstant ? 'const ' : ''}${name} = ${toJavaScript(value)};`;
  },
};

const byLanguage = new Map([
  ['typescript', javascript],
  ['javascript', javascript],
]);

/** How the language of a notebook writes it. */
export function assignmentsIn(language: string): Assignments {
  return byLanguage.get(language) ?? python;
}

/** The value as JavaScript source. */
function toJavaScript(value: ParameterValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof PythonNumber) return numberOf(value.literal);
  // `runtime/secrets.ts` knows a secret by this text. As a template it is a string for the checker of types as well.
  if (value instanceof EnvironmentText) return `\`\${process.env["${value.variable}"]}\``;
  if (isList(value)) return `[${value.map(toJavaScript).join(', ')}]`;
  const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${toJavaScript(item)}`);
  return `{ ${entries.join(', ')} }`;
}

const named: Readonly<Record<string, string>> = {
  "float('nan')": 'NaN',
  "float('inf')": 'Infinity',
  "float('-inf')": '-Infinity',
};

function numberOf(literal: string): string {
  return named[literal] ?? literal;
}
