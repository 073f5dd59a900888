import type { Access, Edge } from '../bundle/format.ts';
import type { Effects } from '../2-analyze/effects.ts';
import { collectAccesses, isUnknown, type NotebookNames } from './accesses.ts';
import { findEdges } from './edges.ts';
import type { Happening } from './happening.ts';
import { Interpreter } from './interpreter.ts';
import { exposedNames, sorted } from './live.ts';
import { maySeeEverything } from './sees-everything.ts';

/** A code cell with its effects, in notebook order. */
export interface LinkedCell {
  readonly id: string;
  readonly effects: Effects;
  /** False for cells that Jupyter does not execute. */
  readonly executed: boolean;
}

/** What linking found out about one cell. */
export interface LinkedTask {
  readonly accesses: readonly Access[];
  readonly exposes: readonly string[] | '*';
  readonly preload: readonly string[] | '*';
}

/** The tasks and the edges between them. */
export interface Graph {
  readonly tasks: readonly LinkedTask[];
  readonly edges: readonly Edge[];
}

/** Joins the effects of all cells: what their calls do with what the variables hold, and which write reaches which read. */
export function linkCells(cells: readonly LinkedCell[]): Graph {
  const names = namesOf(cells);
  const interpreter = new Interpreter();
  let everySeeing = false;
  const linked = cells.map(({ effects, executed }, index) => {
    if (!executed) return { accesses: [], preload: [] };
    everySeeing ||= effects.summaries.some(maySeeEverything);
    const happenings = withUnresolved(interpreter.run(effects, index), everySeeing);
    return {
      accesses: collectAccesses(effects, happenings, names),
      preload: [
        ...effects.unobservable.map((use) => use.name),
        ...happenings.flatMap((happening) => (happening.kind === 'unobservable' ? happening.names : [])),
      ],
    };
  });
  const accesses = linked.map((task) => task.accesses);
  const exposed = exposedNames(
    accesses,
    cells.flatMap((cell) => cell.effects.summaries.flatMap((summary) => summary.reads.map((use) => use.name))),
  );
  return {
    tasks: linked.map((task, index) => ({
      accesses: task.accesses,
      exposes: exposed[index] ?? '*',
      preload: task.accesses.some((access) => isUnknown(access) && !access.assumed)
        ? '*'
        : sorted(task.preload.filter((name) => names.bound.has(name))),
    })),
    edges: findEdges(cells, accesses),
  };
}

function namesOf(cells: readonly LinkedCell[]): NotebookNames {
  const names = { bound: new Set<string>(), read: new Set<string>() };
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
