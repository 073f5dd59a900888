import type { CellEffects, EffectsProfile } from '../bundle/effects-profile.ts';
import type { Access, Digest, StateName } from '../bundle/format.ts';

/** A cell as the profile knows cells: by its code, and by what its text says that it does. */
export interface ProfiledCell {
  readonly code: Digest;
  readonly accesses: readonly Access[];
  readonly executed: boolean;
}

/** What the profile knows of a cell: nothing, something that no longer holds, or what it does. */
export type Seen = 'none' | 'outdated' | CellEffects;

/**
 * What runs observed of each cell. Equal cells have their entries in order. An entry is outdated when a cell that had written what this one reads has
 * another code now, or when a cell that is new may write it meanwhile.
 */
export function whatRunsSaw(cells: readonly ProfiledCell[], profile: EffectsProfile): readonly Seen[] {
  const byCode = new Map<Digest, CellEffects[]>();
  for (const entry of profile.cells) byCode.set(entry.code, [...(byCode.get(entry.code) ?? []), entry]);
  const known = new Set(byCode.keys());
  const left = new Map([...byCode].map(([code, entries]) => [code, [...entries]]));
  return cells.map((cell, index): Seen => {
    const entry = cell.executed ? left.get(cell.code)?.shift() : undefined;
    if (entry === undefined) return 'none';
    const holds = Object.entries(entry.uses).every(([name, code]) =>
      isStillWrittenBy(cells, index, { name, code, known }),
    );
    return holds ? entry : 'outdated';
  });
}

function isStillWrittenBy(
  cells: readonly ProfiledCell[],
  index: number,
  { name, code, known }: { readonly name: string; readonly code: Digest; readonly known: ReadonlySet<Digest> },
): boolean {
  for (let at = index - 1; at >= 0; at--) {
    const cell = cells[at];
    if (cell?.executed !== true) continue;
    if (cell.code === code) return true;
    if (!known.has(cell.code) && cell.accesses.some((access) => isOf(access, name) && isWrite(access))) return false;
  }
  return false;
}

function isOf({ resource }: Access, name: string): boolean {
  return resource.kind === 'variable' && resource.name === name;
}

function isWrite({ access, assumed }: Access): boolean {
  return access !== 'read' && !assumed;
}

/** Hidden state by the words in which a run tells of it. Others decide what is imported or how cells run; of those the text is believed. */
export const statesInRuns: Readonly<Partial<Record<StateName, readonly string[]>>> = {
  random: ['random'],
  'numpy.random': ['numpy.random'],
  'torch.random': ['torch.random'],
  matplotlib: ['matplotlib', 'figures', 'figure-formats', 'backend', 'formatters'],
  'pandas.options': ['pandas.options'],
  'numpy.options': ['numpy.options'],
  warnings: ['warnings', 'warning-registry'],
  decimal: ['decimal'],
  locale: ['locale'],
  logging: ['logging'],
};

/** What a cell does as far as the text and the runs agree, and what of the text no run has seen. */
export interface Sharpened {
  /** As the text alone says. */
  readonly written: readonly Access[];
  readonly accesses: readonly Access[];
  readonly unobserved: readonly Access[];
}

/** Leaves out what the text only allows for and no run has seen, and adds what runs have seen and the text does not say. */
export function sharpen(accesses: readonly Access[], effects: CellEffects): Sharpened {
  const changed = new Set([...effects.changes, ...effects.binds, ...effects.deletes, ...Object.keys(effects.held)]);
  const unobserved = accesses.filter((access) => isRefuted(access, changed, effects));
  const rest = accesses
    .filter((access) => !unobserved.includes(access))
    .map((access) => (isAssumedChange(access) ? confirmed(access) : access));
  return { written: accesses, accesses: [...rest, ...unforeseen(accesses, effects)], unobserved };
}

function isAssumedChange({ resource, access, assumed }: Access): boolean {
  return resource.kind === 'variable' && access !== 'read' && assumed;
}

function confirmed(access: Access): Access {
  return { ...access, assumed: false, observed: true, reason: `${access.reason} (observed in a run)` };
}

function isRefuted(access: Access, changed: ReadonlySet<string>, effects: CellEffects): boolean {
  const { resource } = access;
  if (resource.kind === 'variable') return isAssumedChange(access) && !changed.has(resource.name);
  if (access.access === 'read') return false;
  if (resource.kind === 'state') {
    const words = statesInRuns[resource.name];
    return words !== undefined && !words.some((word) => effects.state.includes(word));
  }
  if (resource.kind !== 'outside') return false;
  // What is not known was observed like everything else, but for reads that cannot be.
  if (resource.reason === 'unknown') return access.assumed && effects.outside.length === 0;
  const didWrite = resource.reason === 'file-write' && effects.files.writes.length > 0;
  // Words that are not of the three, as of a file that was open already, may stand for any of them.
  const others = effects.outside.filter((word) => !['file-write', 'subprocess', 'network'].includes(word));
  return !didWrite && others.length === 0 && !effects.outside.includes(resource.reason);
}

const start = { line: 0, column: 0 };

/** Names that the text does not connect with the cell. What is deleted counts as changed. */
function unforeseen(accesses: readonly Access[], effects: CellEffects): readonly Access[] {
  const own = { certainty: 'may', assumed: false, observed: true, range: { start, end: start } } as const;
  const make = (name: string, access: Access['access']): Access => ({
    resource: { kind: 'variable', name },
    access,
    ...own,
    reason: 'observed in a run',
  });
  const foreseen = (name: string, isFit: (access: Access) => boolean): boolean =>
    accesses.some((access) => isOf(access, name) && isFit(access));
  const isName = (name: string): boolean => /^[^\W\d]\w*$/u.test(name);
  const found = [
    ...effects.reads
      .filter((name) => !foreseen(name, ({ access }) => access !== 'bind'))
      .map((name) => make(name, 'read')),
    ...[...effects.changes, ...effects.deletes]
      .filter((name) => !foreseen(name, ({ access }) => access !== 'read'))
      .map((name) => make(name, 'mutate')),
    ...effects.binds
      .filter((name) => !foreseen(name, ({ access }) => access !== 'read'))
      .map((name) => make(name, 'bind')),
  ];
  return found.filter(({ resource }) => resource.kind === 'variable' && isName(resource.name));
}
