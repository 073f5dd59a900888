import type { Access, Bundle, Edge, Resource, Task } from '../../compiler/bundle/format.ts';
import { describeResource } from '../ui/graph-edges.ts';
import { shownTasks } from './graph-text.ts';
import { count, renderTable } from './render.ts';

/** What there is to know of a notebook's pipeline before it runs. */
export interface Overview {
  /** How many tasks can run at once. */
  readonly width: number;
  /** Tasks on the longest way from an input to a result. */
  readonly longestPath: number;
  /** Files that the text names, for reading. */
  readonly data: readonly string[];
  /** Hidden state that cells hand on to each other, with the tasks that set or use it. */
  readonly carried: readonly { readonly state: string; readonly tasks: readonly string[] }[];
  /** Changes that only lack of knowledge about a call makes us expect. */
  readonly assumed: readonly {
    readonly resource: string;
    readonly task: string;
    readonly reason: string;
    readonly readers: readonly string[];
  }[];
  /** Tasks that act on the outside, or may do anything: each starts when all earlier ones are done. */
  readonly inTurn: readonly { readonly task: string; readonly reason: string }[];
  /** Tasks of which the effects profile tells what runs observed. */
  readonly observed: readonly string[];
  /** Tasks of which it tells what no longer counts. */
  readonly outdated: readonly string[];
  /** How many edges are left out because no run has seen what the text allows for. */
  readonly claims: number;
}

/** Draws the facts from the bundle alone; nothing is guessed. */
export function overviewOf(bundle: Bundle): Overview {
  const tasks = shownTasks(bundle);
  const levels = levelsOf(tasks, bundle.edges);
  const widths = new Map<number, number>();
  for (const level of levels.values()) widths.set(level, (widths.get(level) ?? 0) + 1);
  return {
    width: Math.max(0, ...widths.values()),
    longestPath: Math.max(0, ...levels.values()),
    data: filesRead(tasks),
    carried: carriedState(tasks),
    assumed: assumedChanges(tasks, bundle.edges),
    inTurn: tasks.flatMap((task) => {
      const found = task.accesses.find(isOutside);
      return found === undefined ? [] : [{ task: task.id, reason: found.reason }];
    }),
    observed: tasks.filter(({ profile }) => profile === 'used').map(({ id }) => id),
    outdated: tasks.filter(({ profile }) => profile === 'outdated').map(({ id }) => id),
    claims: bundle.claims?.length ?? 0,
  };
}

function isOutside({ resource }: { readonly resource: Resource }): boolean {
  return resource.kind === 'outside';
}

/** The step at which each task could run if all took the same time; assumed arrows do not hold a task back. */
function levelsOf(tasks: readonly Task[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const before = new Map<string, string[]>();
  for (const edge of edges) if (!edge.assumed) before.set(edge.to, [...(before.get(edge.to) ?? []), edge.from]);
  const levels = new Map<string, number>();
  let highest = 0;
  for (const task of tasks) {
    const inputs = (before.get(task.id) ?? []).map((id) => levels.get(id) ?? 0);
    const level = 1 + Math.max(0, ...inputs, task.accesses.some(isOutside) ? highest : 0);
    levels.set(task.id, level);
    highest = Math.max(highest, level);
  }
  return levels;
}

function filesRead(tasks: readonly Task[]): readonly string[] {
  const found = tasks.flatMap((task) =>
    task.accesses.flatMap(({ resource, access }) =>
      resource.kind === 'file' && access === 'read' ? [resource.path] : [],
    ),
  );
  return [...new Set(found)].sort();
}

/** States that one task sets or moves and another one meets. */
function carriedState(tasks: readonly Task[]): Overview['carried'] {
  const users = new Map<string, string[]>();
  for (const task of tasks) {
    const names = new Set(task.accesses.flatMap(({ resource }) => (resource.kind === 'state' ? [resource.name] : [])));
    for (const name of names) users.set(name, [...(users.get(name) ?? []), task.id]);
  }
  return [...users].map(([state, found]) => ({ state, tasks: found }));
}

/** A module that a call may change is no news: what a cell sets in a library is seen when it runs. */
function importedNames(tasks: readonly Task[]): ReadonlySet<string> {
  const isImport = (access: Access): boolean => access.access === 'bind' && /^(?:import|from) /.test(access.reason);
  return new Set(
    tasks.flatMap((task) => task.accesses.filter(isImport)).map(({ resource }) => describeResource(resource)),
  );
}

function assumedChanges(tasks: readonly Task[], edges: readonly Edge[]): Overview['assumed'] {
  const imported = importedNames(tasks);
  const groups = new Map<string, { resource: string; task: string; reason: string; readers: string[] }>();
  for (const edge of edges.filter(({ assumed }) => assumed)) {
    const resource = describeResource(edge.resource);
    if (imported.has(resource)) continue;
    const key = `${edge.from} ${resource}`;
    const [reason = ''] = edge.reason.replace(`${resource}: `, '').split(' → ');
    const group = groups.get(key) ?? { resource, task: edge.from, reason, readers: [] };
    group.readers.push(edge.to);
    groups.set(key, group);
  }
  return [...groups.values()];
}

const most = 4;

/** The overview in a few aligned lines; `explain` has the rest. */
export function renderOverview(bundle: Bundle, shown: string): string {
  const overview = overviewOf(bundle);
  const { width, longestPath, data, carried, assumed, inTurn } = overview;
  const numbers = new Map(bundle.tasks.map((task) => [task.id, `[${task.executionCount}]`]));
  const label = (id: string): string => numbers.get(id) ?? id;
  const rows: string[][] = [];
  const add = (title: string, items: readonly string[], separator = ', '): void => {
    if (items.length === 0) return;
    const more = items.length > most ? `${separator}and ${items.length - most} more` : '';
    rows.push([`  ${title}`, `${items.slice(0, most).join(separator)}${more}`]);
  };
  if (longestPath > 0) add('width', [`${count(width, 'task')} at once, ${longestPath} one after another`]);
  const parameters = bundle.parameters.map(({ name, default: value }) =>
    value === '' ? name : `${name} = ${shorten(value)}`,
  );
  if (parameters.length > 0) rows.push(['  parameters', parameters.join(', ')]);
  add('data', data);
  add(
    'carried',
    carried.map(({ state, tasks }) => `${state} ${someOf(tasks.map(label))}`),
  );
  assumed.slice(0, most).forEach(({ resource, task, reason, readers }, place) => {
    const more = place === most - 1 && assumed.length > most ? `, and ${assumed.length - most} more` : '';
    rows.push([
      place === 0 ? '  assumed' : '',
      `${label(task)} may change ${resource} for ${someOf(readers.map(label))}: ${reason}${more}`,
    ]);
  });
  add(
    'in turn',
    inTurn.map(({ task, reason }) => `${label(task)} ${shorten(reason)}`),
  );
  if (overview.observed.length + overview.outdated.length > 0) rows.push(['  observed', describeObserved(overview)]);
  const skipped = bundle.tasks.length - numbersOf(bundle.tasks);
  const head = [count(numbersOf(bundle.tasks), 'task'), count(bundle.edges.length, 'edge')];
  if (skipped > 0) head.push(`${count(skipped, 'code cell')} not executed`);
  return `${shown}: ${head.join(', ')}\n${renderTable(rows)}`;
}

/** What the effects profile tells, in a few words. */
function describeObserved({ observed, outdated, claims }: Overview): string {
  const parts = [`what runs saw of ${count(observed.length, 'task')}`];
  if (claims > 0) parts.push(`${count(claims, 'edge')} left out`);
  if (outdated.length > 0) parts.push(`${count(outdated.length, 'task')} changed since`);
  return parts.join(', ');
}

function numbersOf(tasks: readonly Task[]): number {
  return tasks.filter((task) => task.executionCount > 0).length;
}

function someOf(labels: readonly string[]): string {
  return labels.length > 6 ? `${labels.slice(0, 5).join(' ')} … ${labels.at(-1) ?? ''}` : labels.join(' ');
}

function shorten(text: string): string {
  const [line = '', next] = text.split('\n');
  if (line.length > 40) return `${line.slice(0, 39)}…`;
  return next === undefined ? line : `${line} …`;
}
