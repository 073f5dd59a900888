import type { SyntaxNode } from './parse.ts';

/** `cellcode.py` has the same words. */
const asksForLines = /lineno|currentframe|_getframe|findCaller|\bstack\(/;

/** True for code that may show where it, or what calls it, is written. */
export function showsLines(source: string): boolean {
  return asksForLines.test(source);
}

/**
 * The source without comments, blank lines and trailing space. Indentation stays, since it is syntax, and so does every line that a
 * string covers. Sources that are equal here run the same.
 */
export function normalise(root: SyntaxNode, source: string): string {
  const lines = source.split('\n');
  const comments: SyntaxNode[] = [];
  if (showsLines(source) || /^\s*%%/.test(source)) return source;
  const inString = new Set<number>();
  const collect = (node: SyntaxNode): void => {
    if (node.type === 'comment') comments.push(node);
    if (node.type === 'string') {
      const { start, end } = node.range;
      for (let line = start.line; line < end.line; line++) inString.add(line).add(line + 1);
    }
    node.children.forEach(collect);
  };
  collect(root);
  for (const { range } of comments)
    lines[range.start.line] = (lines[range.start.line] ?? '').slice(0, range.start.column);
  return lines
    .map((line, number) => (inString.has(number) ? line : line.trimEnd()))
    .filter((line, number) => line !== '' || inString.has(number))
    .join('\n');
}
