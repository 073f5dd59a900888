/** A Python string literal. */
export function pythonText(text: string): string {
  // JSON's escapes are Python's as well.
  return JSON.stringify(text).replaceAll(
    /[\u007F-\u009F\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A docstring at an indentation; nothing in the text can end it. */
export function docstring(text: string, indent: string): string {
  const safe = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"""', String.raw`\"\"\"`)
    .replace(/"$/, String.raw`\"`)
    .replaceAll(/[\r\u0000]/g, '');
  const lines = safe
    .split('\n')
    .map((line, place) => (place === 0 || line.trim() === '' ? line.trim() : `${indent}${line}`));
  return `${indent}"""${lines.join('\n')}${lines.length > 1 ? `\n${indent}` : ''}"""`;
}

/** `name(…)` on one line, or one argument a line where it would be long. */
export function call(name: string, args: readonly string[], indent = ''): string {
  const short = `${name}(${args.join(', ')})`;
  if (indent.length + short.length <= 110 && !short.includes('\n')) return short;
  return `${name}(\n${args.map((one) => `${indent}    ${one},\n`).join('')}${indent})`;
}

/** The same for a list. */
export function list(items: readonly string[], indent: string): string {
  return call('', items, indent).replace(/^\(/, '[').replace(/\)$/, ']');
}
