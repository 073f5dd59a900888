import type { Bundle } from '../../compiler/bundle/format.ts';
import type { NotebookOutput } from '../report/outputs.ts';
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

/** What the kernel made of that, with the cells as they are written: an error points to the cell, and not into the text that stands for it. */
export function asWritten(executed: ExecutedNotebook, bundle: Bundle): ExecutedNotebook {
  const written = loweredCells(bundle, 'source');
  const notebook = withSources(executed, written);
  const cells = notebook.cells.map((cell, index) =>
    cell.outputs === undefined || !written.has(index) ? cell : { ...cell, outputs: cell.outputs.map(pointingToCell) },
  );
  return { ...notebook, cells };
}

function pointingToCell(output: NotebookOutput): NotebookOutput {
  const { output_type: type, traceback } = output;
  if (type !== 'error' || !Array.isArray(traceback)) return output;
  const lines = traceback.flatMap((part) => String(part).split('\n'));
  const first = lines.findIndex((line) => inStack.test(line));
  if (first < 0) return output;
  return { ...output, traceback: [...lines.slice(0, first), '    at <anonymous>:1:1'] };
}

/** A line of the stack of an error, as V8 writes it. */
const inStack = /^\s+at .*:\d+:\d+\)?$/;

function withSources(notebook: ExecutedNotebook, sources: ReadonlyMap<number, string>): ExecutedNotebook {
  const cells = notebook.cells.map((cell, index) => {
    const source = sources.get(index);
    return source === undefined ? cell : { ...cell, source };
  });
  return { ...notebook, cells };
}
