import { automagic } from './automagic.ts';
import { firstAssignment, isComment, isComplete, isInString, scanLine } from './line-scan.ts';

/** A piece of IPython syntax in a cell. Lines are zero-based. */
export interface Magic {
  readonly kind: 'line' | 'cell' | 'shell' | 'help';
  /** Without `%`; empty for shell lines. */
  readonly name: string;
  readonly text: string;
  readonly line: number;
  /** Names that the statement binds: `x = !ls`. */
  readonly assigns: readonly string[];
}

/** A cell as plain Python on the same lines, and the magics that were taken out. */
export interface LoweredCell {
  readonly python: string;
  readonly magics: readonly Magic[];
}

const cellMagic = /^%%(\w+)([^\n]*)/;
const lineMagic = /^(\s*)%(.*)$/;
const shellLine = /^(\s*)(!!?)(.*)$/;
const assignedEscape = /^\s*(!|%)(?!=)(.*)$/;
const helpStart = /^\s*\?/;
const helpEnd = /(?:%{0,2}(?!\d)[\w*]+(?:\.(?!\d)[\w*]+|\[-?\d+\])*\?\??)$/;
const escaped = /^(\s*)([,;/])(\w.*)$/;

/** Cell magics whose body is Python that runs in the notebook's namespace. */
const pythonBodies = new Set([
  'time',
  'timeit',
  'capture',
  'prun',
  'memit',
  'mprun',
  'debug',
  'py',
  'pypy',
  'lprun',
  'heat',
  'notify',
  'skip',
  'wandb',
  'python_in_place',
]);

/**
 * Turns IPython's syntax into Python with the same lines, after the rules of IPython's input transformer: a cell magic is on the first
 * line, other escapes start a statement, and nothing inside a string or an open bracket is one.
 */
export function lowerCell(source: string): LoweredCell {
  const magics: Magic[] = [];
  const lines = stripPrompts(source.replace(/\r\n?/g, '\n')).split('\n');
  let first = lines.findIndex((line) => line.trim() !== '');
  let prefix = '';
  for (;;) {
    const found = first < 0 ? null : cellMagic.exec(lines[first] ?? '');
    if (found === null) break;
    const [, name = '', text = ''] = found;
    const body = lines.slice(first + 1).join('\n');
    magics.push({
      kind: 'cell',
      name,
      text: pythonBodies.has(name) ? text : `${text}\n${body}`,
      line: first,
      assigns: captured(name, text),
    });
    lines[first] = prefix + lowerTimed(name, text);
    if (!pythonBodies.has(name))
      return {
        python: lines.slice(0, first + 1).join('\n') + '\n'.repeat(Math.max(lines.length - first - 1, 0)),
        magics,
      };
    prefix = '';
    first++;
    while (first < lines.length && (lines[first] ?? '').trim() === '') first++;
    if (first >= lines.length) break;
  }
  const [only, more] = lines.filter((line) => line.trim() !== '');
  if (only !== undefined && more === undefined && magics.length === 0 && lowerAutomagic(lines, only, magics))
    return { python: dedent(lines).join('\n'), magics };
  const state = { depth: 0, quote: '' };
  for (let number = Math.max(first, 0); number < lines.length; number++) {
    if (state.depth === 0 && state.quote === '') number = lowerLine(lines, number, magics);
    scanLine(state, lines[number] ?? '');
  }
  return { python: dedent(lines).join('\n'), magics };
}

function captured(name: string, text: string): string[] {
  if (name !== 'capture') return [];
  return text
    .split(/\s+/)
    .filter((word) => /^[A-Za-z_]\w*$/.test(word))
    .slice(0, 1);
}

/** `%%time x = f()` runs the rest of its line too. */
function lowerTimed(name: string, text: string): string {
  return (name === 'timeit' || name === 'time') && text.trim() !== '' && !text.trim().startsWith('-')
    ? text.trim()
    : 'pass';
}

/** Prompts of Python's shell or IPython's, when the first line has one. */
function stripPrompts(source: string): string {
  for (const prompt of [/^(?:>>>|\.\.\.)(?: |$)/, /^(?:In \[\d+\]: |\s*\.{3,}: ?)/]) {
    if (prompt.test(source.split('\n', 1)[0] ?? ''))
      return source
        .split('\n')
        .map((line) => line.replace(prompt, ''))
        .join('\n');
  }
  return source;
}

/** A cell of one line may be a magic without `%`; the variable of that name, if there is one, goes before it. */
function lowerAutomagic(lines: string[], only: string, magics: Magic[]): boolean {
  const found = isHelpAtEnd(only) ? undefined : automagic(only);
  if (found === undefined) return false;
  const { name, rest } = found;
  const line = lines.indexOf(only);
  magics.push({ kind: 'line', name, text: rest, line, assigns: [] });
  // A call or an index may be meant for a variable.
  if (!/^[([]/.test(rest)) lines[line] = name === 'time' && isComplete(rest) && rest !== '' ? rest : name;
  return true;
}

/** Lowers the statement that starts at a line; gives the last line it took. */
function lowerLine(lines: string[], number: number, magics: Magic[]): number {
  let text = lines[number] ?? '';
  let last = number;
  const joined = (): void => {
    while (text.endsWith('\\') && last + 1 < lines.length) {
      text = text.slice(0, -1) + (lines[++last] ?? '');
    }
  };
  const isEscape = lineMagic.test(text) || shellLine.test(text) || assignment(text) !== undefined;
  if (isEscape) joined();
  const replacement = lowerStatement(text, number, magics);
  if (replacement === undefined) return number;
  lines[number] = replacement;
  for (let extra = number + 1; extra <= last; extra++) lines[extra] = '';
  return last;
}

function isHelpAtEnd(text: string): boolean {
  // No name is that long, and the search is quadratic.
  return text.endsWith('?') && helpEnd.test(text.slice(-1000)) && !isComment(text) && !isInString(text);
}

function lowerStatement(text: string, line: number, magics: Magic[]): string | undefined {
  const indent = /^\s*/.exec(text)?.[0] ?? '';
  if (helpStart.test(text) || isHelpAtEnd(text)) {
    magics.push({ kind: 'help', name: 'pinfo', text: text.trim(), line, assigns: [] });
    return `${indent}pass`;
  }
  let found = lineMagic.exec(text);
  if (found !== null) {
    const [name = '', ...words] = (found[2] ?? '').split(' ');
    const rest = words.join(' ').trim();
    magics.push({ kind: 'line', name, text: rest, line, assigns: [] });
    const code = codeOf(name, rest);
    if (code === undefined) return `${indent}pass`;
    // What `%timeit` runs is a function's body: what it binds is not bound for certain, and nowhere else.
    return `${indent}${name === 'timeit' ? 'if 0: ' : ''}${code}`;
  }
  found = shellLine.exec(text);
  if (found !== null) {
    magics.push({ kind: 'shell', name: '', text: (found[3] ?? '').trim(), line, assigns: [] });
    return `${indent}pass`;
  }
  const assigned = assignment(text);
  if (assigned !== undefined) {
    const { targets, mark, rest } = assigned;
    const names = [...targets.matchAll(/[A-Za-z_]\w*/g)].map((name) => name[0]);
    const name = mark === '%' ? (/^\S*/.exec(rest)?.[0] ?? '') : '';
    const kind = mark === '!' ? 'shell' : 'line';
    const argument = rest.slice(name.length).trim();
    magics.push({ kind, name, text: argument, line, assigns: names });
    const code = codeOf(name, argument);
    return code === undefined ? `${targets}= None` : `${targets}= None; ${code}`;
  }
  found = escaped.exec(text);
  if (found !== null) {
    const [, , mark = '', rest = ''] = found;
    const [callee = '', ...words] = rest.split(/\s+/);
    if (!/^[\w.]+$/.test(callee)) return undefined;
    if (mark === '/') return `${indent}${callee}(${words.join(', ')})`;
    return `${indent}${callee}(${(mark === ',' ? words : [words.join(' ')]).map((word) => JSON.stringify(word)).join(', ')})`;
  }
  return undefined;
}

/** The code that `%time`, `%timeit` and `%prun` run, without their options. */
function codeOf(name: string, text: string): string | undefined {
  if (name !== 'time' && name !== 'timeit' && name !== 'prun') return undefined;
  const code = text.replace(/^(-\w+(\s*\d+)?\s+)+/, '');
  return code !== '' && isComplete(code) ? code : undefined;
}

/** `x = !ls` and `x = %who`: the first `=` outside of brackets and strings is followed by an escape. */
function assignment(text: string): { targets: string; mark: string; rest: string } | undefined {
  const place = firstAssignment(text);
  const found = place === undefined ? null : assignedEscape.exec(text.slice(place + 1));
  return found === null ? undefined : { targets: text.slice(0, place), mark: found[1] ?? '', rest: found[2] ?? '' };
}

/** IPython drops the indentation that all lines of a cell share with the first. */
function dedent(lines: string[]): string[] {
  const indent = /^[ \t]+/.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0];
  if (indent === undefined) return lines;
  return lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
}
