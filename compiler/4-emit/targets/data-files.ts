import type { EnginePlan } from '../../bundle/engine-plan.ts';

/** Files that cells read, no cell writes, and that are in or below the notebook's folder: they must be there before it runs. From that folder. */
export function dataFiles({ cells }: Pick<EnginePlan, 'cells'>): readonly string[] {
  const written = new Set(cells.flatMap(({ files }) => files.writes));
  const read = cells.flatMap(({ files }) => files.reads).filter((name) => !written.has(name));
  return [...new Set(read)].filter((name) => !name.startsWith('/') && !name.split('/').includes('..')).sort();
}
