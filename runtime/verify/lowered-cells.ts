import type { Bundle } from '../../compiler/bundle/format.ts';
import type { ExecutedNotebook } from './compare.ts';

/** Cells that the kernel alone does not know, by their place in the notebook: how they are written, or what it can run. */
function loweredCells({ tasks }: Bundle, which: 'source' | 'lowered'): ReadonlyMap<number, string> {
  return new Map(tasks.flatMap((task) => (task.lowered === undefined ? [] : [[task.index, task[which] ?? '']])));
}

/** The notebook as its kernel alone can run it: with the text that stands for cells of another kind. */
export function asKernelKnows(document: string, bundle: Bundle): string {
  const lowered = loweredCells(bundle, 'lowered');
  if (lowered.size === 0) return document;
  return JSON.stringify(withSources(JSON.parse(document) as ExecutedNotebook, lowered));
}

/** What the kernel made of that, with the cells as they are written. */
export function asWritten(executed: ExecutedNotebook, bundle: Bundle): ExecutedNotebook {
  return withSources(executed, loweredCells(bundle, 'source'));
}

function withSources(notebook: ExecutedNotebook, sources: ReadonlyMap<number, string>): ExecutedNotebook {
  const cells = notebook.cells.map((cell, index) => {
    const source = sources.get(index);
    return source === undefined ? cell : { ...cell, source };
  });
  return { ...notebook, cells };
}
