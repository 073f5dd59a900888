import type { Diagnostic } from '../bundle/diagnostic.ts';
import type { Access, Bundle, StateName, Task } from '../bundle/format.ts';
import type { Cell, Notebook } from '../1-read/notebook.ts';
import { headingAbove } from './names.ts';
import { plainCell } from './plain-cell.ts';

/** A cell as far as it is known before it becomes a function. */
export interface ExportedCell {
  readonly id: string;
  /** The number in `In [n]`. */
  readonly number: number;
  /** The name of the function: the cell's label, else that of its task. */
  readonly function: string;
  readonly python: string;
  /** The Markdown above it, for the docstring. */
  readonly above: string;
  /** What was left out of it and why. */
  readonly notes: readonly string[];
  readonly reads: readonly string[];
  /** Variables that it changes in place. */
  readonly changes: readonly string[];
  readonly deletes: readonly string[];
  /** True when it changes what imports depend on. */
  readonly unsettles: boolean;
}

/** The cells that Jupyter executes, as plain Python, and why some cannot be. */
export function exportedCells(
  bundle: Bundle,
  notebook: Notebook,
): { readonly cells: readonly ExportedCell[]; readonly problems: readonly Diagnostic[] } {
  const problems: Diagnostic[] = [];
  const cells: ExportedCell[] = [];
  for (const task of bundle.tasks) {
    const cell = notebook.cells[task.index];
    if (cell === undefined || task.executionCount === 0) continue;
    const { python, notes, refused } = plainCell(cell);
    for (const { line, text } of refused)
      problems.push(cannotExport(task, { line, why: `${text} is IPython's own`, help: asPython }));
    if (task.directives.raisesException) {
      const help = 'Catch the exception in the cell, or leave the cell out with the tag skip.';
      problems.push(
        cannotExport(task, { line: 0, why: 'it may raise, and the cells after it run all the same', help }),
      );
    }
    cells.push({
      id: task.id,
      number: task.executionCount,
      function: functionName(task),
      python,
      above: markdownAbove(notebook.cells, task),
      notes,
      reads: variables(task, (access) => access.access === 'read'),
      changes: variables(task, (access) => access.access === 'mutate' && !access.assumed),
      deletes: variables(task, (access) => access.access === 'delete'),
      unsettles: task.accesses.some((access) => unsettles(access)),
    });
  }
  return { cells, problems };
}

const asPython = 'Write it in Python, or leave the cell out with the tag skip.';

/** The diagnostic of a cell that cannot be a function, or a module. */
export function cannotExport(
  task: Pick<Task, 'id' | 'index'>,
  {
    line,
    why,
    help,
    kind = 'function',
  }: {
    readonly line: number;
    readonly why: string;
    readonly help: string;
    readonly kind?: 'function' | 'module';
  },
): Diagnostic {
  const place = { line, column: 0 };
  return {
    code: 'CW709',
    severity: 'error',
    message: `The cell cannot be a ${kind}: ${why}.`,
    location: { cell: task.id, index: task.index, range: { start: place, end: place } },
    help,
    related: [],
  };
}

function functionName({ name, directives }: Task): string {
  const label = directives.label?.replace(/\W+/g, '_') ?? '';
  return /^[A-Za-z_]\w*$/.test(label) ? label : `task_${name}`;
}

/** The Markdown cells right above, else the nearest heading. */
export function markdownAbove(cells: readonly Cell[], { id, index, executionCount }: Task): string {
  const texts: string[] = [];
  for (let at = index - 1; cells[at]?.kind === 'markdown'; at--) texts.unshift(cells[at]?.source.trim() ?? '');
  const text = texts.filter((part) => part !== '').join('\n\n');
  if (text !== '') return text;
  const heading = headingAbove(cells, index);
  return `Cell [${executionCount}], ${heading === '' ? id : heading}`;
}

function variables(task: Task, wanted: (access: Access) => boolean): string[] {
  const names = task.accesses.flatMap((access) =>
    access.resource.kind === 'variable' && wanted(access) ? [access.resource.name] : [],
  );
  return [...new Set(names)].sort();
}

const ofImports: ReadonlySet<StateName> = new Set(['environ', 'sys.path', 'cwd']);

function unsettles({ resource, access, assumed }: Access): boolean {
  return resource.kind === 'state' && access !== 'read' && !assumed && ofImports.has(resource.name);
}
