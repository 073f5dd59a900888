import type { MixedCell } from '../../../1-read/mixed-cell.ts';
import { literal, rangeOfWords, refused, type Lower, type Lowered } from './lowering.ts';

/** `%%html` and the like: an object that says how it is to be shown. */
export function lowerDisplay(type: string): Lower {
  return (cell: MixedCell): Lowered => {
    if (cell.words.trim() !== '')
      return refused(rangeOfWords(cell), `%%${cell.name} takes no words.`, 'Write the text on the lines below.');
    const text = `({ [Symbol.for("Jupyter.display")]: () => (${literal({ [type]: cell.body })}) })`;
    return { ok: true, value: { text, binds: [], reads: [], files: [], outside: [] } };
  };
}
