import { usage, type Outcome } from './host.ts';
import { plainText, type ParameterValues } from './parameters.ts';
import { EnvironmentText } from './python-literal.ts';

/**
 * A path with `{name}` filled in by the value of a given parameter, as papermill does; `{{` and `}}` are braces. What names no given
 * parameter is an error, for the file would get a name that nobody meant.
 */
export function fillIn(name: string, values: ParameterValues): Outcome<string> {
  let problem: string | undefined;
  let secret: string | undefined;
  const filled = name.replaceAll(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, word: string | undefined) => {
    if (word === undefined) return whole.slice(1);
    const value = values.get(word);
    if (value === undefined) problem ??= word;
    if (value instanceof EnvironmentText) secret ??= word;
    return value === undefined ? whole : plainText(value);
  });
  if (secret !== undefined) {
    const message = `${name} asks for the parameter ${secret}, which is a secret.`;
    return { ok: false, result: usage(message, 'Name the file after another parameter.') };
  }
  if (problem === undefined) return { ok: true, value: filled };
  const help = 'Give its value with -p NAME VALUE, or write {{ and }} where braces are meant.';
  return { ok: false, result: usage(`${name} asks for the parameter ${problem}, which is not given.`, help) };
}
