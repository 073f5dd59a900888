import type { Task } from '../../compiler/bundle/format.ts';

const statement = /^\s*(?:from\s+([A-Za-z_][\w.]*)\s+import|import\s+(.+))/;

/** The modules at the top level that a line of Python imports. */
function importedBy(line: string): readonly string[] {
  const [, from, names] = statement.exec(line) ?? [];
  return (from ?? names ?? '').split(',').map((name) => /^\s*([A-Za-z_]\w*)/.exec(name)?.[1] ?? '');
}

/** Modules at the top level that the text of a cell of Python imports, or that it turned out to import. IPython runs every cell. */
export function modulesImported(task: Task, imported: readonly string[]): ReadonlySet<string> {
  const dynamic = imported.map((module) => module.split('.')[0] ?? '');
  return new Set([
    ...[...task.imports, ...task.source.split('\n')].flatMap(importedBy),
    ...dynamic.filter((module) => module !== 'IPython'),
  ]);
}
