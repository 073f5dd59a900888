/** The text of an open notebook, saved or not, as its file would have it. */

/** A cell of an open notebook, as far as compiling needs it. */
export interface OpenCell {
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
  /** What the editor keeps of the cell: its id, its own metadata. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An open notebook. */
export interface OpenNotebook {
  readonly cells: readonly OpenCell[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The nbformat id that the editor keeps of a cell; undefined in notebooks from before nbformat 4.5. */
export function idOf(metadata: Fields): string | undefined {
  const { id } = inner(metadata);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** What stood in the file; older editors keep it one level deeper, under `custom`. */
function inner(metadata: Fields): Fields {
  const { custom } = metadata;
  return isFields(custom) ? custom : metadata;
}

/** nbformat JSON without outputs, which no compilation looks at. A cell has the same id here as in its file. */
export function notebookText({ cells, metadata }: OpenNotebook): string {
  const kept = inner(metadata);
  const own = isFields(kept['metadata']) ? kept['metadata'] : {};
  const hasIds = cells.every((cell) => idOf(cell.metadata) !== undefined);
  return JSON.stringify({
    cells: cells.map((cell) => {
      const { metadata: tags } = inner(cell.metadata);
      const id = idOf(cell.metadata);
      return {
        cell_type: cell.kind,
        ...(id === undefined ? {} : { id }),
        metadata: isFields(tags) ? tags : {},
        source: cell.source,
        ...(cell.kind === 'code' ? { execution_count: null, outputs: [] } : {}),
      };
    }),
    metadata: own,
    nbformat: 4,
    // Without ids it is a document of before 4.5, and the compiler derives them from the sources as it does for the file.
    nbformat_minor: hasIds ? 5 : 4,
  });
}

/** The kernel that the notebook names, `python3` for instance. */
export function kernelNameOf({ metadata }: OpenNotebook): string | undefined {
  const own = inner(metadata)['metadata'];
  const spec = isFields(own) ? own['kernelspec'] : undefined;
  const name = isFields(spec) ? spec['name'] : undefined;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
