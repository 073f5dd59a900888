import { isQuoted, scanCode, startOfLine } from '../1-read/line-scan.ts';

/** A cell's text as the body of a function. */
export interface Body {
  /** Indented, but for lines that start inside a string. */
  readonly text: string;
  /** True when a function that holds it has to be `async`. */
  readonly isAsync: boolean;
  /** Imports that Python allows at the top of a module alone; the cell's own come first that must stand first. */
  readonly moduleImports: readonly string[];
}

const waits = /\bawait\b|\basync\s+(?:for|with)\b/;
const waitsInString = /\{[^{}]*\bawait\b/;
const definition = /^\s*(?:async\s+def|def|class)\b/;
const onlyInModules = /(^|[;:])(\s*)(from\s+[\w.]+\s+import\s+\*|from\s+__future__\s+import\s[^;#]*)(?=\s*(?:$|[;#]))/g;

/** Makes a function's body of a cell: what is valid in a module alone is taken out of it. */
export function printBody(python: string): Body {
  const state = startOfLine();
  const lines: string[] = [];
  const moduleImports: string[] = [];
  let isAsync = false;
  /** Indentation of the function or class that the line is in, if it is in one. */
  let inside: number | undefined;
  for (const line of python.split('\n')) {
    const startsInString = isQuoted(state);
    const startsStatement = !startsInString && state.depth === 0 && !/^\s*(?:#|$)/.test(line);
    const code = scanCode(state, line);
    const indent = line.length - line.trimStart().length;
    if (startsStatement && inside !== undefined && indent <= inside) inside = undefined;
    if (startsStatement && inside === undefined && definition.test(line)) inside = indent;
    let text = line;
    if (inside === undefined) {
      isAsync ||= waits.test(code) || (code.length < line.length && waitsInString.test(line));
      if (startsStatement || code.search(onlyInModules) >= 0) {
        text = text
          .replace(onlyInModules, (found) => {
            const statement = found.replace(/^[;:]?\s*/, '');
            moduleImports.push(statement.trim());
            return `${found.slice(0, found.length - statement.length)}pass`;
          })
          // A function's parameter cannot be declared global, and in a cell the statement does nothing.
          .replace(/^(\s*)global\s[\w\s,]*$/, '$1pass');
      }
    }
    lines.push(startsInString || text === '' ? text : `    ${text}`);
  }
  const isFirst = (line: string): number => (line.includes('__future__') ? 0 : 1);
  return {
    text: lines.join('\n').trimEnd(),
    isAsync,
    moduleImports: [...new Set(moduleImports)].sort((left, right) => isFirst(left) - isFirst(right)),
  };
}

/** A cell that Python refuses, as comments and the error that Jupyter shows. */
export function printRefused(source: string): Body {
  const lines = source
    .trimEnd()
    .split(/\r\n?|\n/)
    .map((line) => `    # ${line}`.trimEnd());
  const text = [...lines, "    raise SyntaxError('this cell is not valid Python')"].join('\n');
  return { text, isAsync: false, moduleImports: [] };
}
