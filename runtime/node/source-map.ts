/** A place of the text that runs, and the place of the cell that it came from; all from 0. */
export interface Segment {
  readonly column: number;
  readonly line: number;
  readonly originalColumn: number;
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Reads the mappings of a source map of one source, line by line. */
export function readMappings(text: string): readonly (readonly Segment[])[] {
  let [line, originalColumn] = [0, 0];
  return text.split(';').map((part) => {
    let column = 0;
    const segments: Segment[] = [];
    for (const piece of part === '' ? [] : part.split(',')) {
      const [moved = 0, , down = 0, along = 0] = readNumbers(piece);
      column += moved;
      line += down;
      originalColumn += along;
      segments.push({ column, line, originalColumn });
    }
    return segments;
  });
}

function readNumbers(piece: string): readonly number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of piece) {
    const bits = letters.indexOf(letter);
    value |= (bits & 31) << shift;
    shift += 5;
    if ((bits & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** Where in the cell a place of its script is; undefined when it is in no line of it. */
export function originalPlace(
  mappings: readonly (readonly Segment[])[],
  { line, column }: { readonly line: number; readonly column: number },
): { readonly line: number; readonly column: number } | undefined {
  const segments = mappings[line] ?? [];
  const found = segments.findLast((segment) => segment.column <= column) ?? segments[0];
  return found === undefined ? undefined : { line: found.line, column: found.originalColumn };
}
