import type { Task } from '../../compiler/bundle/format.ts';
import type { NamedImport } from './module-locks.ts';

/** Every import that stands in the text of these cells. */
export function namedImports(tasks: readonly Task[]): readonly NamedImport[] {
  return tasks.flatMap(({ id, index, script }) =>
    (script?.modules ?? []).map(({ specifier, range }) => ({ specifier, cell: id, index, range })),
  );
}
