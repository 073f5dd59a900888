/** Where in its cell an error was raised, as the cell's output tells. */
import type { CellOutput } from '../service/protocol.ts';

const escapes = /\u001B\[[\d;]*m/g;
const frame = /^Cell In\[\d+\], line (\d+)/m;

/** The line of the cell, from 0; undefined when its output does not tell. */
export function raisedLine(outputs: readonly CellOutput[] | undefined): number | undefined {
  const error = outputs?.find((output) => output['output_type'] === 'error');
  const traceback = error?.['traceback'];
  if (!Array.isArray(traceback)) return undefined;
  const text = traceback.map(String).join('\n').replaceAll(escapes, '');
  // The first frame is the cell's own; those of other cells and of libraries come after it.
  const line = frame.exec(text)?.[1];
  return line === undefined ? undefined : Number(line) - 1;
}
