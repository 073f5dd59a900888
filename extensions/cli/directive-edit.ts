/** Directives for one cell, by their names. */
export type DirectiveValues = ReadonlyMap<string, string>;

/**
 * The source of a cell with these directives at its top. One that is there already gets the new value where it stands; the others come
 * after the last, or as the first lines. Undefined under a cell magic, to which such a line is text like any other.
 */
export function withDirectives(source: string, values: DirectiveValues): string | undefined {
  const lines = source.split('\n');
  if (source.startsWith('%%')) return undefined;
  const left = new Map(values);
  let end = 0;
  for (const [place, text] of lines.entries()) {
    const found = /^(\s*#\|\s*([\w-]+)\s*:\s*)/.exec(text);
    const isAbove = text.trim() === '' || text.trim().startsWith('#');
    if (!isAbove) break;
    const [, before = '', name = ''] = found ?? [];
    if (/^\s*#\|/.test(text)) end = place + 1;
    const value = left.get(name);
    if (value === undefined) continue;
    lines[place] = `${before}${value}`;
    left.delete(name);
  }
  lines.splice(end, 0, ...[...left].map(([name, value]) => `#| ${name}: ${value}`));
  return lines.join('\n');
}
