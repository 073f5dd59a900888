import { farFiles, type CellEffects, type EffectsProfile } from '../bundle/effects-profile.ts';
import type { Access, Bundle, Task } from '../bundle/format.ts';
import { isUnknown } from '../3-link/accesses.ts';
import { statesInRuns } from '../3-link/observed.ts';

/** Stands for every name. */
export const everyName = '*';

/** What one executed cell may do, in the names of the worker. */
export interface CellFacts {
  readonly task: Task;
  /** What runs saw of it; undefined: the text alone tells. */
  readonly seen: CellEffects | undefined;
  readonly reads: ReadonlySet<string>;
  /** Names, and patterns of them with one `*`. */
  readonly writes: ReadonlySet<string>;
  /** Variables that it gives a new value on every path. */
  readonly certain: ReadonlySet<string>;
  readonly filesRead: ReadonlySet<string>;
  readonly filesWritten: ReadonlySet<string>;
  readonly writesElsewhere: boolean;
  readonly outside: ReadonlySet<string>;
  readonly held: ReadonlySet<string>;
}

/** The executed cells of a notebook, in order, with what its text and its runs say of each. */
export function factsOf(bundle: Bundle, profile: EffectsProfile | undefined): readonly CellFacts[] {
  const left = new Map<string, CellEffects[]>();
  for (const entry of profile?.cells ?? []) left.set(entry.code, [...(left.get(entry.code) ?? []), entry]);
  return bundle.tasks
    .filter(({ executionCount }) => executionCount > 0)
    .map((task) => {
      // Equal cells have their entries in order, as the linker gives them out.
      const entry = left.get(task.code)?.shift();
      return factsOfCell(task, task.profile === 'used' ? entry : undefined);
    });
}

function factsOfCell(task: Task, seen: CellEffects | undefined): CellFacts {
  const written = task.accesses.flatMap(({ resource, access }) =>
    resource.kind === 'variable' && access !== 'read' ? [resource.name] : [],
  );
  const isHeldState = (name: string): boolean => seen?.state.includes(name) === true;
  const held = Object.keys(seen?.held ?? {}).map((name) => (isHeldState(name) ? `state:${name}` : name));
  const isAnything = task.accesses.some(isUnknown);
  return {
    task,
    seen,
    reads: new Set([...readsInText(task), ...readsSeen(seen)]),
    writes: new Set([
      ...(isAnything ? [everyName] : []),
      `def:${task.id}:*`,
      // What it raised is known to the shell afterwards.
      ...(task.directives.raisesException ? ['state:last-error'] : []),
      ...written,
      ...(seen === undefined ? writesOfText(task, written) : writesSeen(seen)),
      ...held,
    ]),
    certain: new Set(task.accesses.flatMap(certainBind)),
    filesRead: new Set([...filesInText(task, false), ...(seen?.files.reads ?? [])]),
    filesWritten: new Set([...filesInText(task, true), ...(seen?.files.writes ?? [])]),
    writesElsewhere: seen?.further?.includes(farFiles) === true,
    outside: new Set([...outsideInText(task), ...(seen?.outside ?? [])]),
    held: new Set(held),
  };
}

function readsInText(task: Task): readonly string[] {
  const names = task.accesses.flatMap(({ resource, access }) => {
    if (resource.kind === 'variable') return access === 'bind' ? [] : [resource.name];
    return resource.kind === 'state' ? wordsOfState(resource.name) : [];
  });
  const isAnything = task.preload === '*' || task.accesses.some(isUnknown);
  return [...names, ...(task.preload === '*' ? [] : task.preload), ...(isAnything ? [everyName] : [])];
}

function readsSeen(seen: CellEffects | undefined): readonly string[] {
  if (seen === undefined) return [];
  return [...seen.reads, ...seen.changes, ...seen.state.map((name) => `state:${name}`), ...namesFurther(seen)];
}

function writesSeen(seen: CellEffects): readonly string[] {
  const states = seen.state.map((name) => `state:${name}`);
  return [...seen.binds, ...seen.changes, ...seen.deletes, ...states, ...namesFurther(seen)];
}

function namesFurther({ further }: CellEffects): readonly string[] {
  return (further ?? []).filter((name) => name !== farFiles);
}

/** Without a run: a class that is changed by a name for it, hidden state of any kind where the text shows some, and what is shown. */
function writesOfText(task: Task, written: readonly string[]): readonly string[] {
  const states = task.accesses.flatMap(({ resource, access }) =>
    resource.kind === 'state' && access !== 'read' ? wordsOfState(resource.name) : [],
  );
  const isLoud = states.some((name) => !isQuiet(name));
  return [
    ...states,
    // Whoever imports a library sets up what it has: seen by those alone that touch it.
    ...(task.imports.length > 0 ? setUpByImports : []),
    ...(isLoud ? ['state:*', 'slot:*'] : []),
    ...written.map((name) => `def:*:${name}`),
    ...shownInText(task).map((name) => `shown:${name}`),
  ];
}

const setUpByImports = ['state:random', 'state:numpy.random', 'state:torch.random', 'state:backend'];

function wordsOfState(name: string): readonly string[] {
  const known: Readonly<Partial<Record<string, readonly string[]>>> = statesInRuns;
  return (known[name] ?? [name]).map((word) => `state:${word}`);
}

/** State that counts as read only by a cell that touches it. */
export function isQuiet(name: string): boolean {
  return name === 'state:random' || name.endsWith('.random') || name === 'state:backend';
}

/** Variables that the last statement may give as the cell's result. */
function shownInText({ source, accesses }: Task): readonly string[] {
  const lines = source.split('\n');
  const start = lines.findLastIndex((line) => /^[^\s#)\]}]/.test(line));
  const last = lines.slice(Math.max(start, 0)).join('\n');
  const names = accesses.flatMap(({ resource }) => (resource.kind === 'variable' ? [resource.name] : []));
  return [...new Set(names)].filter((name) => last.includes(name));
}

function certainBind({ resource, access, certainty, assumed }: Access): readonly string[] {
  return resource.kind === 'variable' && access === 'bind' && certainty === 'must' && !assumed ? [resource.name] : [];
}

function filesInText(task: Task, writes: boolean): readonly string[] {
  return task.accesses.flatMap(({ resource, access }) =>
    resource.kind === 'file' && (access !== 'read') === writes ? [plainPath(resource.path)] : [],
  );
}

/** `./a//b` is `a/b`. */
function plainPath(path: string): string {
  return path
    .split('/')
    .filter((part, place) => part !== '.' && (part !== '' || place === 0))
    .join('/');
}

function outsideInText(task: Task): readonly string[] {
  return task.accesses.flatMap(({ resource, access }) => {
    if (resource.kind === 'outside') return [resource.reason];
    return resource.kind === 'file' && access !== 'read' ? ['file-write'] : [];
  });
}

/** True when one of these names or patterns means the name. */
export function isAmong(patterns: ReadonlySet<string>, name: string): boolean {
  if (patterns.has(name) || patterns.has(everyName)) return true;
  for (const pattern of patterns) {
    const star = pattern.indexOf('*');
    if (star < 0) continue;
    const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
    if (name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after)) return true;
  }
  return false;
}
