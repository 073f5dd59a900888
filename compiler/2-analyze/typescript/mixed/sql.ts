import type { Range } from '../../../bundle/diagnostic.ts';
import type { MixedCell } from '../../../1-read/mixed-cell.ts';
import { namesInSql, type SqlName } from '../../../1-read/sql-text.ts';
import type { FileUse, NameUse } from '../../effects.ts';
import { isIdentifier, rangeOfWords, refused, type Lowered } from './lowering.ts';
import { sqlProgram } from './sql-program.ts';

/** What the first line of a cell says, and where its text in SQL begins in it. */
interface FirstLine {
  readonly out?: { readonly name: string; readonly from: number; readonly to: number };
  readonly sql: string;
  readonly column: number;
}

/** `%%sql [NAME <<]`: the lines below are a query of DuckDB on files and on variables that hold rows. */
export function lowerSql(cell: MixedCell): Lowered {
  const first = readFirstLine(cell);
  if ('ok' in first) return first;
  const { out } = first;
  const sql = `${first.sql}\n${withoutDirectives(cell.body)}`;
  if (sql.trim() === '') return refused(rangeOfWords(cell), 'The cell has no query.', 'Write it on the lines below.');
  const names = namesInSql(sql);
  const place = placesIn(sql, cell, first.column);
  const use = (one: SqlName, reason: string): NameUse => {
    return { name: one.name, range: place(one), certainty: 'may', assumed: false, reason };
  };
  const made = new Set(names.made.map(({ name }) => name.toLowerCase()));
  const tables = unique(names.tables).map((one) => use(one, `FROM ${one.name}`));
  const frames = tables.filter(({ name }) => isVariable(name));
  const parameters = unique(names.parameters).map((one) => use(one, `$${one.name}`));
  const file = (one: SqlName, access: 'read' | 'write'): FileUse => ({
    path: one.name,
    access,
    range: place(one),
    reason: `%%sql ${access === 'read' ? 'FROM' : 'TO'} '${one.name}'`,
  });
  const written = unique([...names.written, ...(names.writesMore ? names.read : [])]);
  // What the cell itself has written before is nobody else's.
  const isOwn = (one: SqlName): boolean => names.written.some(({ name, from }) => name === one.name && from < one.from);
  const read = unique(names.read).filter((one) => !isOwn(one));
  const files = [...read.map((one) => file(one, 'read')), ...written.map((one) => file(one, 'write'))];
  const text = sqlProgram({
    // A place that the database names is then one of the cell.
    sql: '\n'.repeat(cell.line) + sql,
    frames: frames.map(({ name }) => name),
    parameters: parameters.map(({ name }) => name),
    read: read.map(({ name }) => name),
    written: written.map(({ name }) => name),
  });
  return {
    ok: true,
    value: {
      text: out === undefined ? `(${text}).shown` : `let ${out.name}: any[] = (${text}).rows;`,
      binds:
        out === undefined
          ? []
          : [
              {
                name: out.name,
                range: rangeOfWords(cell, out),
                certainty: 'must',
                assumed: false,
                reason: `%%sql ${out.name} <<`,
              },
            ],
      reads: [...frames, ...parameters],
      files: files.filter(({ path }) => !/^\w+:\/\//.test(path) && !/[*?[]/.test(path)),
      outside: written.map((one) => ({ outside: 'file-write', range: place(one), reason: `COPY TO '${one.name}'` })),
      tables: { made: [...made], wanted: tables.filter(({ name }) => !made.has(name.toLowerCase())) },
      isConfined: true,
    },
  };
}

function readFirstLine(cell: MixedCell): FirstLine | Lowered {
  const { words } = cell;
  const start = words.length - words.trimStart().length;
  const found = /^(\s*)(\S+)\s*<<(?:\s*(.*))?$/.exec(words);
  if (found !== null) {
    const [whole, space = '', name = '', sql = ''] = found;
    const out = { name, from: space.length, to: space.length + name.length };
    if (!isVariable(name))
      return refused(rangeOfWords(cell, out), `${name} names no variable.`, 'Name one: %%sql rows <<');
    return { out, sql, column: whole.length - sql.length };
  }
  const [first = ''] = words.trim().split(/\s+/);
  const place = { from: start, to: start + first.length };
  if (/^\w[\w+.-]*:\/\//.test(first)) {
    if (/^duckdb:\/\/(?:\/:memory:)?$/.test(first)) return { sql: '', column: 0 };
    const help =
      'Leave the address out; files that the query names are read. For another database use a package in a cell of TypeScript.';
    return refused(rangeOfWords(cell, place), `%%sql queries a database of its own in memory, not ${first}.`, help);
  }
  if (first.startsWith('--') && !first.startsWith('---') && /^--[a-z]/.test(first))
    return refused(
      rangeOfWords(cell, place),
      `%%sql has no option ${first}.`,
      'Write the query on the lines below; `%%sql rows <<` binds its rows.',
    );
  return { sql: words.trimStart(), column: start };
}

/** Lines of directives, which are no SQL, as blank ones. */
function withoutDirectives(body: string): string {
  const lines = body.split('\n');
  for (const [place, line] of lines.entries()) {
    if (/^\s*(?:\/\/|#)\|/.test(line)) lines[place] = '';
    else if (line.trim() !== '') break;
  }
  return lines.join('\n');
}

/** Where in the cell a part of the query stands; its first line begins at a column of the cell's first. */
function placesIn(
  sql: string,
  cell: MixedCell,
  column: number,
): (part: { readonly from: number; readonly to: number }) => Range {
  const position = (at: number): Range['start'] => {
    const before = sql.slice(0, at).split('\n');
    const [line, own] = [before.length - 1, before.at(-1)?.length ?? 0];
    return { line: cell.line + line, column: line === 0 ? cell.column + column + own : own };
  };
  return ({ from, to }) => ({ start: position(from), end: position(to) });
}

function unique(names: readonly SqlName[]): readonly SqlName[] {
  const seen = new Set<string>();
  return names.filter(({ name }) => !seen.has(name) && seen.add(name));
}

const reserved = new Set(
  (
    'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof ' +
    'new null return super switch this throw true try typeof var void while with yield let static await implements interface package private protected public eval arguments'
  ).split(' '),
);

function isVariable(name: string): boolean {
  return isIdentifier(name) && !reserved.has(name);
}
