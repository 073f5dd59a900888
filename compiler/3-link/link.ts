import type { EffectsProfile } from '../bundle/effects-profile.ts';
import type { Access, Digest, Edge, Task } from '../bundle/format.ts';
import type { Effects } from '../2-analyze/effects.ts';
import { collectAccesses, isUnknown, keyOf, type NotebookNames } from './accesses.ts';
import type { Knowledge } from '../knowledge/load.ts';
import { findEdges } from './edges.ts';
import type { Happening } from './happening.ts';
import { Interpreter } from './interpreter.ts';
import { exposedNames, sorted } from './live.ts';
import { sharpen, whatRunsSaw, type Seen, type Sharpened } from './observed.ts';
import { maySeeEverything } from './sees-everything.ts';

/** A code cell with its effects, in notebook order. */
export interface LinkedCell {
  readonly id: string;
  readonly code: Digest;
  readonly effects: Effects;
  /** False for cells that Jupyter does not execute. */
  readonly executed: boolean;
}

/** What linking found out about one cell. */
export interface LinkedTask {
  readonly accesses: readonly Access[];
  /** What the text allows for and no run has seen. */
  readonly unobserved: readonly Access[];
  readonly profile: Task['profile'];
  readonly exposes: readonly string[] | '*';
  readonly preload: readonly string[] | '*';
}

/** The tasks and the edges between them. */
export interface Graph {
  readonly tasks: readonly LinkedTask[];
  readonly edges: readonly Edge[];
  /** Edges that only the text calls for. */
  readonly claims: readonly Edge[];
}

/**
 * Joins the effects of all cells: what their calls do with what the variables hold, and which write reaches which read.
 * @param knowledge what libraries do
 * @param profile what runs observed. It decides on edges, and never on what is kept for later cells or loaded beforehand.
 */
export function linkCells(cells: readonly LinkedCell[], knowledge: Knowledge, profile?: EffectsProfile): Graph {
  const names = namesOf(cells, knowledge);
  const interpreter = new Interpreter(knowledge);
  let everySeeing = false;
  const linked = cells.map(({ effects, executed }, index) => {
    if (!executed) return { accesses: [], preload: [] };
    everySeeing ||= effects.summaries.some((summary) => maySeeEverything(summary, knowledge));
    const happenings = withUnresolved(interpreter.run(effects, index), everySeeing);
    return {
      accesses: collectAccesses(effects, happenings, names),
      preload: [
        ...effects.unobservable.map((use) => use.name),
        ...happenings.flatMap((happening) => (happening.kind === 'unobservable' ? happening.names : [])),
      ],
    };
  });
  const written = linked.map((task) => task.accesses);
  const seen = knowWhatRunsSaw(cells, written, profile);
  const sharpened = written.map((accesses, index): Sharpened => {
    const effects = seen[index];
    const asWritten = { written: accesses, accesses, unobserved: [] };
    return typeof effects === 'object' ? sharpen(accesses, effects) : asWritten;
  });
  const accesses = sharpened.map((task) => task.accesses);
  const edges = findEdges(cells, accesses);
  const exposed = exposedNames(
    sharpened.map((task) => [...task.unobserved, ...task.accesses]),
    cells.flatMap((cell) => cell.effects.summaries.flatMap((summary) => summary.reads.map((use) => use.name))),
  );
  return {
    tasks: linked.map((task, index) => ({
      accesses: accesses[index] ?? [],
      unobserved: sharpened[index]?.unobserved ?? [],
      profile: outcomeOf(seen[index]),
      exposes: exposed[index] ?? '*',
      preload: task.accesses.some((access) => isUnknown(access) && !access.assumed)
        ? '*'
        : sorted(task.preload.filter((name) => names.bound.has(name))),
    })),
    edges,
    claims: findClaims(cells, sharpened, edges),
  };
}

function knowWhatRunsSaw(
  cells: readonly LinkedCell[],
  written: readonly (readonly Access[])[],
  profile: EffectsProfile | undefined,
): readonly Seen[] {
  if (profile === undefined) return [];
  const known = cells.map(({ code, executed }, index) => ({ code, executed, accesses: written[index] ?? [] }));
  return whatRunsSaw(known, profile);
}

function outcomeOf(seen: Seen | undefined): Task['profile'] {
  return typeof seen === 'object' ? 'used' : seen === 'outdated' ? 'outdated' : undefined;
}

/** The edges that would be there if only the text were known, for what no run has seen. */
function findClaims(
  cells: readonly LinkedCell[],
  sharpened: readonly Sharpened[],
  edges: readonly Edge[],
): readonly Edge[] {
  if (sharpened.every(({ unobserved }) => unobserved.length === 0)) return [];
  const keyOfEdge = ({ from, to, resource }: Edge): string => `${from} ${to} ${keyOf(resource)}`;
  const there = new Set(edges.map(keyOfEdge));
  const unobserved = new Map(cells.map(({ id }, index) => [id, sharpened[index]?.unobserved ?? []]));
  const isUnobserved = (id: string, { resource }: Edge): boolean =>
    unobserved.get(id)?.some((access) => isUnknown(access) || keyOf(access.resource) === keyOf(resource)) === true;
  const byText = findEdges(
    cells,
    sharpened.map((task) => task.written),
  );
  return byText.filter(
    (edge) => !there.has(keyOfEdge(edge)) && (isUnobserved(edge.from, edge) || isUnobserved(edge.to, edge)),
  );
}

function namesOf(cells: readonly LinkedCell[], knowledge: Knowledge): NotebookNames {
  const names = { knowledge, bound: new Set<string>(), read: new Set<string>() };
  for (const { effects } of cells) {
    for (const use of effects.binds) names.bound.add(use.name);
    for (const use of effects.reads) names.read.add(use.name);
    for (const summary of effects.summaries) for (const use of summary.reads) names.read.add(use.name);
  }
  return names;
}

/** Where a function of the notebook sees every variable, a call of nobody knows what may be a call of it. */
function withUnresolved(happenings: readonly Happening[], everySeeing: boolean): readonly Happening[] {
  const call = everySeeing ? happenings.find(({ kind }) => kind === 'unresolved') : undefined;
  if (call === undefined) return happenings;
  const { range, certainty, reason } = call;
  return [
    ...happenings,
    { range, certainty, reason: `${reason} may see every variable`, kind: 'everything', assumed: false },
  ];
}
