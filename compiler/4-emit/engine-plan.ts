import { canonicalJson, digest } from '../bundle/canonical.ts';
import type { EffectsProfile } from '../bundle/effects-profile.ts';
import { planVersion, type EnginePlan, type PlannedCell, type PlanStep } from '../bundle/engine-plan.ts';
import type { Bundle, Task } from '../bundle/format.ts';
import { guardedNames } from '../bundle/guarded-names.ts';
import { lookAtHistory } from '../bundle/history-look.ts';
import { actsUnseen, orderOf, withGates, writersOf, type Order } from './cell-order.ts';
import { fuseCells, type Fused } from './fuse-cells.ts';
import { everyName, factsOf, type CellFacts } from './planned-cells.ts';
import { placementOf } from './step-placement.ts';

/**
 * A bundle as steps for an engine with a fixed graph. Pure: the same bundle and profile give the same plan.
 * @param profile what the bundle was compiled with
 */
export function planForEngines(bundle: Bundle, profile: EffectsProfile | undefined): EnginePlan {
  const cells = factsOf(bundle, profile);
  const order = withGates(orderOf(bundle, cells), cells, guardedNames(bundle));
  const oneProcess = lookAtHistory(bundle) ?? profile?.oneProcess[0];
  const all = (together: string): readonly Fused[] => [{ cells: cells.map((_, place) => place), together }];
  const fused =
    cells.length === 0
      ? []
      : oneProcess === undefined
        ? (fuseCells(cells, order) ?? all('two processes would be needed at once by one cell'))
        : all(oneProcess);
  const whole = fused.length === 1;
  const stepOf = (place: number): number => fused.findIndex((group) => group.cells.includes(place));
  const nameOf = (step: number): string => cells[fused[step]?.cells[0] ?? 0]?.task.name ?? '';
  const steps = inOrder(fused, order, stepOf).map((step): PlanStep =>
    describeStep(fused[step] as Fused, { cells, order, whole, nameAt: (at) => nameOf(stepOf(at)) }),
  );
  return {
    formatVersion: planVersion,
    bundle: digest(canonicalJson(bundle)),
    steps,
    cells: cells.map((cell, place) => describeCell(cell, nameOf(stepOf(place)))),
  };
}

/** Places of steps, each behind those that it needs, otherwise as their first cells stand in the notebook. */
function inOrder(fused: readonly Fused[], order: Order, stepOf: (place: number) => number): readonly number[] {
  const done: number[] = [];
  const needs = fused.map(({ cells }, step) => {
    const before = cells.flatMap((place) => [...(order[place] ?? [])].map(stepOf));
    return new Set(before.filter((other) => other !== step));
  });
  while (done.length < fused.length) {
    const next = fused.findIndex(
      (_, step) => !done.includes(step) && [...(needs[step] ?? [])].every((other) => done.includes(other)),
    );
    done.push(next);
  }
  return done;
}

interface Around {
  readonly cells: readonly CellFacts[];
  readonly order: Order;
  readonly whole: boolean;
  /** The name of the step of a cell. */
  readonly nameAt: (place: number) => string;
}

function describeStep({ cells: places, together }: Fused, around: Around): PlanStep {
  const { cells, order, whole, nameAt } = around;
  const own = places.map((place) => cells[place] as CellFacts);
  const name = own[0]?.task.name ?? '';
  const needs = new Set(places.flatMap((place) => [...(order[place] ?? [])].map(nameAt)));
  needs.delete(name);
  const tasks = own.map(({ task }) => task);
  const acts = own.some((cell) => actsUnseen(cell) || cell.outside.has('network') || cell.writesElsewhere);
  return {
    name,
    tasks: tasks.map(({ id }) => id),
    needs: [...needs].sort(),
    together,
    whole,
    reads: describeReads(places, around),
    acts,
    gate: tasks.some(({ directives, measures }) => directives.gate || (measures?.gates.length ?? 0) > 0),
    parameters: tasks.flatMap((task) => (isInjected(task.id) ? parametersIn(task.source) : [])),
    secrets: secretsFor(name, places, around),
    cacheKey: cacheKeyOf(places, around),
    resources: placementOf(tasks, acts),
  };
}

/** A step that has a secret, or may be given a value that is one, needs it in its environment. */
function secretsFor(name: string, places: readonly number[], around: Around): readonly string[] {
  const within = ancestorsOf(places, around);
  const sources = around.cells.flatMap(({ task }, at) => {
    const step = around.nameAt(at);
    return isInjected(task.id) && (step === name || within.has(step)) ? [task.source] : [];
  });
  return sortedUnion(sources.map((text) => [...text.matchAll(secretReference)].map(([, found = '']) => found)));
}

/** As the cell with values of parameters names an environment variable, in each language. */
const secretReference = /(?:__import__\("os"\)\.environ|process\.env)\["([A-Za-z_]\w*)"\]/g;

/** True when the value of one of its parameters is a secret, which no file and no cache may know. */
export function takesSecret({ id, source }: Pick<Task, 'id' | 'source'>): boolean {
  return isInjected(id) && source.search(secretReference) >= 0;
}

/** True for the cell that values of parameters are put into. */
function isInjected(id: string): boolean {
  return /^injected-parameters(?:-1)*$/.test(id);
}

function parametersIn(source: string): readonly string[] {
  return [...source.matchAll(/^([^\W\d]\w*) = /gmu)].map(([, name = '']) => name);
}

function describeReads(places: readonly number[], { cells, nameAt }: Around): PlanStep['reads'] {
  const own = nameAt(places[0] ?? 0);
  const found = new Map<string, Set<string>>();
  for (const place of places)
    for (const name of cells[place]?.reads ?? []) {
      if (name === everyName) continue;
      const from = writersOf(cells, place, name)
        .map(nameAt)
        .filter((step) => step !== own);
      if (from.length > 0) found.set(name, new Set([...(found.get(name) ?? []), ...from]));
    }
  return [...found].sort(byName).map(([name, from]) => ({ name, from: [...from].sort() }));
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * A result may be used again for the same inputs when the code is the same, and when a check of it would come to the same: what the cells may do, and what
 * cells before them may write that are not among the inputs.
 */
function cacheKeyOf(places: readonly number[], around: Around): PlanStep['cacheKey'] {
  const { cells, whole, nameAt } = around;
  const own = nameAt(places[0] ?? 0);
  const ancestors = ancestorsOf(places, around);
  const parts = places.map((place) => {
    const cell = cells[place] as CellFacts;
    const strangers = cells
      .map((other, at) => ({ other, at }))
      .filter(({ at }) => nameAt(at) !== own && !ancestors.has(nameAt(at)));
    return {
      task: cell.task.id,
      code: cell.task.code,
      may: describeCell(cell, own),
      written: sortedUnion(
        strangers.filter(({ at }) => at < place).map(({ other }) => [...other.writes].filter(isOfOthers)),
      ),
      files: sortedUnion(strangers.map(({ other }) => other.filesWritten)),
      elsewhere: strangers.some(({ other }) => other.writesElsewhere),
    };
  });
  return digest(canonicalJson({ planVersion, whole, parts }));
}

/** Definitions of a cell of its own nobody else can name. */
function isOfOthers(name: string): boolean {
  return !/^def:[^*]*:\*$/.test(name);
}

function ancestorsOf(places: readonly number[], { cells, order, nameAt }: Around): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [nameAt(places[0] ?? 0)];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const current = next;
    const members = cells.flatMap((_, at) => (nameAt(at) === current ? [at] : []));
    for (const step of members.flatMap((at) => [...(order[at] ?? [])].map(nameAt)))
      if (!found.has(step)) {
        found.add(step);
        open.push(step);
      }
  }
  return found;
}

function sortedUnion(lists: readonly Iterable<string>[]): readonly string[] {
  return [...new Set(lists.flatMap((list) => [...list]))].sort();
}

function describeCell(cell: CellFacts, step: string): PlannedCell {
  return {
    task: cell.task.id,
    name: cell.task.name,
    step,
    observed: cell.seen !== undefined,
    writes: [...cell.writes].sort(),
    files: {
      reads: [...cell.filesRead].sort(),
      writes: [...cell.filesWritten].sort(),
      elsewhere: cell.writesElsewhere,
    },
    outside: [...cell.outside].sort(),
    held: [...cell.held].sort(),
  };
}
