import type { Cell } from '../1-read/notebook.ts';
import type { Effects, NameUse } from '../2-analyze/effects.ts';
import type { Parameter } from '../bundle/format.ts';

/** How a language writes parameters. */
export interface ParameterReader {
  /** What a cell binds as a parameter; undefined for an import or a definition, which is no setting. */
  readonly bound: (cell: Cell, bind: NameUse) => Parameter | undefined;
  /** Names that a cell declares without a value: who runs the notebook has to give one, unless another cell does. */
  readonly declared: (cell: Cell) => readonly Parameter[];
}

/**
 * The parameters of the cells tagged `parameters`, with the types of their annotations or default values. A name that several of them
 * bind belongs to the last. `cell` is the first of them.
 */
export function readTaggedParameters(
  cells: readonly Cell[],
  effects: readonly Effects[],
  reader: ParameterReader,
): { readonly parameters: readonly Parameter[]; readonly cell?: string } {
  const parameters = new Map<string, Parameter>();
  const tagged = cells.flatMap((cell, place) => (cell.tags.includes('parameters') ? [{ cell, place }] : []));
  for (const { cell, place } of tagged) {
    for (const bind of effects[place]?.binds ?? []) {
      const parameter = reader.bound(cell, bind);
      if (parameter === undefined) continue;
      parameters.delete(bind.name);
      parameters.set(bind.name, parameter);
    }
  }
  const bound = new Set(effects.flatMap(({ binds }) => binds.map(({ name }) => name)));
  for (const { cell } of tagged) {
    for (const declared of reader.declared(cell))
      if (!bound.has(declared.name)) parameters.set(declared.name, declared);
  }
  const [first] = tagged;
  return { parameters: [...parameters.values()], ...(first === undefined ? {} : { cell: first.cell.id }) };
}
