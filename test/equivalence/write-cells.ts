import { writeFileSync } from 'node:fs';

/** Cells of a case: they are separated by a line of `---`. */
export function splitCells(text: string): readonly string[] {
  return text.split(/^---\n/m);
}

/** Writes code cells as a notebook of the kernel `python3`. */
export function writeCells(file: string, texts: readonly string[]): void {
  const cells = texts.map((text, index) => ({
    cell_type: 'code',
    id: `cell-${String(index)}`,
    metadata: {},
    source: text.trimEnd(),
    outputs: [],
    execution_count: null,
  }));
  const metadata = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } };
  writeFileSync(file, JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
}
