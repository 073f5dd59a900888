import type { Diagnostic } from '../../../bundle/diagnostic.ts';
import { closest } from '../../../1-read/closest.ts';
import { readMixedCell, type MixedCell } from '../../../1-read/mixed-cell.ts';
import type { CellText } from '../../effects.ts';
import { lowerDisplay } from './display.ts';
import { rangeOfWords, refused, type Lower, type Lowered, type Lowering } from './lowering.ts';
import { lowerShell } from './shell.ts';
import { lowerSql } from './sql.ts';
import { lowerWritefile } from './writefile.ts';

const kinds: Readonly<Record<string, Lower>> = {
  bash: lowerShell,
  sh: lowerShell,
  writefile: lowerWritefile,
  file: lowerWritefile,
  sql: lowerSql,
  html: lowerDisplay('text/html'),
  HTML: lowerDisplay('text/html'),
  svg: lowerDisplay('image/svg+xml'),
  SVG: lowerDisplay('image/svg+xml'),
  markdown: lowerDisplay('text/markdown'),
  latex: lowerDisplay('text/latex'),
  javascript: lowerDisplay('application/javascript'),
  js: lowerDisplay('application/javascript'),
};

/** A cell of another kind than the notebook's own. */
export interface LoweredCell {
  readonly mixed: MixedCell;
  /** Absent: it cannot be understood. */
  readonly lowering?: Lowering;
  readonly diagnostics: readonly Diagnostic[];
}

/** Each mixed cell of a notebook as the kernel could run it; undefined for cells of the notebook's own language. */
export function lowerCells(cells: readonly CellText[], kernel: string): readonly (LoweredCell | undefined)[] {
  const read = cells.map(({ source }) => readMixedCell(source));
  const lowered = read.map((mixed) => (mixed === undefined ? undefined : lower(mixed, kernel)));
  const firstOne = lowered.findIndex((found) => found?.ok === true);
  return cells.map((cell, place) => {
    const [mixed, found] = [read[place], lowered[place]];
    if (mixed === undefined || found === undefined) return undefined;
    const location = { cell: cell.id, index: cell.index };
    if (!found.ok) {
      const { message, help, range } = found.error;
      return {
        mixed,
        diagnostics: [
          { code: 'CW212', severity: 'error', message, help, location: { ...location, range }, related: [] },
        ],
      };
    }
    const diagnostics = place === firstOne ? [notOfKernel(mixed, location)] : [];
    return { mixed, lowering: found.value, diagnostics: [...diagnostics, ...tablesOfOthers(cells, lowered, place)] };
  });
}

function lower(mixed: MixedCell, kernel: string): Lowered {
  const kind = Object.hasOwn(kinds, mixed.name) ? kinds[mixed.name] : undefined;
  if (kind === undefined) {
    const near = closest(mixed.name, Object.keys(kinds));
    const all = `Known are ${[...new Set(Object.keys(kinds).map((name) => name.toLowerCase()))].map((name) => `%%${name}`).join(', ')}.`;
    return refused(
      rangeOfWords(mixed),
      `%%${mixed.name} is no kind of cell.`,
      near === undefined ? all : `Did you mean %%${near}?`,
    );
  }
  if (!/^deno/i.test(kernel)) {
    const help = 'Write the cell in the notebook’s own language, or give the notebook the kernel of Deno.';
    return refused(
      rangeOfWords(mixed),
      `%%${mixed.name} is understood in notebooks of Deno, and this one is of ${kernel}.`,
      help,
    );
  }
  return kind(mixed);
}

function notOfKernel(mixed: MixedCell, location: { readonly cell: string; readonly index: number }): Diagnostic {
  return {
    code: 'CW213',
    severity: 'info',
    message: `The kernel of Deno alone does not know %%${mixed.name}.`,
    help: 'Cellwright runs such cells. For the kernel alone, put in their place what `cellwright compile` writes into the modules of their tasks.',
    location: { ...location, range: rangeOfWords(mixed) },
    related: [],
  };
}

/** A database lives as long as its cell, so a table of an earlier cell is not there. */
function tablesOfOthers(
  cells: readonly CellText[],
  lowered: readonly (Lowered | undefined)[],
  place: number,
): readonly Diagnostic[] {
  const own = lowered[place];
  const wanted = own?.ok === true ? (own.value.tables?.wanted ?? []) : [];
  return wanted.flatMap(({ name, range }): readonly Diagnostic[] => {
    const maker = lowered.findIndex(
      (other, at) => at < place && other?.ok === true && other.value.tables?.made.includes(name.toLowerCase()) === true,
    );
    const isVariable = lowered.some(
      (other) => other?.ok === true && other.value.binds.some((bind) => bind.name === name),
    );
    const [here, there] = [cells[place], cells[maker]];
    if (here === undefined || there === undefined || isVariable) return [];
    return [
      {
        code: 'CW214',
        severity: 'warning',
        message: `The table ${name} is made by an earlier cell, and the database of a %%sql cell ends with the cell.`,
        help: `Bind its rows in that cell, \`%%sql ${name} <<\`, or write them to a file with COPY … TO.`,
        location: { cell: here.id, index: here.index, range },
        related: [{ message: 'It is made here.', location: { cell: there.id, index: there.index } }],
      },
    ];
  });
}
