/**
 * Counts how far what the compiler predicted of variables is what a run observed.
 *
 * A prediction is a name that a cell is said to read, bind, change or delete. It is certain (`must`), possible (`may`: in a branch, in a
 * function that is called) or assumed (nothing is known of a call that is given the name). Names of definitions, hidden state and changes
 * inside libraries are no variables and are left out here; what is predicted of them is judged by the edges.
 */

/** True for the names of what the observer sees beside variables. */
export function isNoVariable(name) {
  return name === '*' || name.includes(':');
}

const ranks = ['assumed', 'may', 'must'];

function levelOf({ certainty, assumed }) {
  return assumed ? 'assumed' : certainty;
}

function note(map, name, access) {
  const before = map.get(name);
  const level = levelOf(access);
  if (before === undefined || ranks.indexOf(level) > ranks.indexOf(before.level)) map.set(name, { level, access });
}

/** Names by what a task is predicted to do with them, each with its surest level. */
export function predictionsOf(task) {
  const found = { reads: new Map(), binds: new Map(), changes: new Map(), deletes: new Map() };
  const variables = task.accesses.filter(({ resource }) => resource.kind === 'variable');
  for (const access of variables) if (access.access === 'bind') note(found.binds, access.resource.name, access);
  for (const access of variables) {
    const { name } = access.resource;
    // What the cell binds and then changes is its own value.
    if (access.access === 'bind' || (access.access === 'mutate' && found.binds.has(name))) continue;
    note(found.reads, name, access);
    if (access.access === 'mutate') note(found.changes, name, access);
    if (access.access === 'delete') note(found.deletes, name, access);
  }
  return found;
}

/** True when the compiler says of a task that it may do anything with any variable. */
export function seesEverything(task) {
  return (
    task.preload === '*' ||
    task.accesses.some(({ resource }) => resource.kind === 'outside' && resource.reason === 'unknown')
  );
}

/** Names by what a task was observed to do with them. */
export function observedNames({ reads, writes, unsaved, held, deletes }) {
  const written = Object.entries(writes).filter(([name]) => !isNoVariable(name));
  const isBound = ([, { how }]) => how === 'bind';
  const isChanged = ([, { how, same }]) => how === 'mutate' && !same;
  const namesOf = (list) => list.map(([name]) => name);
  return {
    reads: new Set(Object.keys(reads).filter((name) => !isNoVariable(name) && reads[name] !== 'absent')),
    binds: new Set([...namesOf(written.filter(isBound)), ...unsaved]),
    changes: new Set(namesOf(written.filter(isChanged))),
    deletes: new Set(deletes.filter((name) => !isNoVariable(name))),
    // Bound or changed: only that it stays with its process is known.
    held: new Set(held.filter((name) => !isNoVariable(name))),
  };
}

const kinds = ['reads', 'binds', 'changes', 'deletes'];

/** Empty counts. */
export function noCounts() {
  const levels = () => ({ must: [0, 0], may: [0, 0], assumed: [0, 0] });
  return {
    precision: Object.fromEntries(kinds.map((kind) => [kind, levels()])),
    recall: Object.fromEntries(
      kinds.map((kind) => [kind, { observed: 0, known: 0, assumed: 0, said: 0, shared: 0, missed: 0 }]),
    ),
    misses: [],
    unconfirmed: [],
  };
}

/**
 * Counts one notebook's predictions into `counts`.
 * @param notebook its `name`, the `tasks` of its bundle, and what was `observed`, by the same places, undefined where nothing was
 */
export function countNotebook({ name: notebook, tasks, observed }, counts) {
  const readAnywhere = new Set(observed.flatMap((seen) => (seen === undefined ? [] : Object.keys(seen.reads))));
  /** The stored object of each variable: those with the same one share something that can change. */
  const objects = new Map();
  /** Variables that some cell so far is said to write, or wrote: only of these is a read a dependency. */
  const there = new Set();
  tasks.forEach((task, place) => {
    const seen = observed[place];
    const predicted = predictionsOf(task);
    if (seen !== undefined && !seen.isFused) {
      const actual = observedNames(seen);
      const context = { notebook, task, seen, counts, there, objects, readAnywhere, predicted, actual };
      if (seen.status === 'ok') countPrecision(context);
      countRecall(context);
    }
    for (const name of [...predicted.binds.keys(), ...predicted.changes.keys()]) there.add(name);
    if (seen === undefined) return;
    for (const [name, { object }] of Object.entries(seen.writes)) objects.set(name, object);
    const actual = observedNames(seen);
    for (const name of [...actual.binds, ...actual.changes, ...actual.held]) there.add(name);
  });
}

/** True when an observation is no test of a prediction: the name was given beforehand, or whether it was bound or changed is not known. */
function isUntested(kind, name, { task, predicted, actual }) {
  if (kind === 'reads') return task.preload === '*' || task.preload.includes(name);
  if (kind === 'binds') return predicted.deletes.has(name);
  if (kind === 'changes') return actual.held.has(name);
  return false;
}

function isConfirmed(kind, name, actual) {
  if (kind === 'binds') return ['binds', 'changes', 'held'].some((one) => actual[one].has(name));
  if (kind === 'changes') return actual.changes.has(name) || actual.binds.has(name);
  // What was changed through another name was read, too.
  if (kind === 'reads') return actual.reads.has(name) || actual.changes.has(name);
  return actual.deletes.has(name) || !actual.binds.has(name);
}

function countPrecision(context) {
  const { notebook, task, counts, there, predicted, actual } = context;
  for (const kind of kinds)
    for (const [name, { level, access }] of predicted[kind]) {
      if (kind !== 'binds' && !there.has(name)) continue;
      if (isUntested(kind, name, context)) continue;
      const confirmed = isConfirmed(kind, name, actual);
      const count = counts.precision[kind][level];
      count[0] += confirmed ? 1 : 0;
      count[1]++;
      if (!confirmed) counts.unconfirmed.push({ notebook, task: task.name, kind, name, level, reason: access.reason });
    }
}

function countRecall(context) {
  const { notebook, task, counts, predicted, actual } = context;
  for (const kind of kinds)
    for (const name of actual[kind]) {
      if (kind === 'reads' && isUntested(kind, name, context)) continue;
      const recall = counts.recall[kind];
      recall.observed++;
      const level = predictedLevel(kind, name, predicted);
      if (level === 'assumed') recall.assumed++;
      else if (level !== undefined) recall.known++;
      else if (seesEverything(task) || (kind === 'binds' && isOfStar(name, context))) recall.said++;
      else {
        const isShared = sharesObject(name, context);
        recall[isShared ? 'shared' : 'missed']++;
        counts.misses.push({ notebook, task: task.name, kind, name, isShared });
      }
    }
}

/** True for what `from module import *` binds and no cell reads: which names those are is not in the text. */
function isOfStar(name, { task, readAnywhere }) {
  return /^\s*(?:from\s+\S+\s+import\s*\*|%pylab)/m.test(task.source) && !readAnywhere.has(name);
}

/**
 * True when the variable is stored together with another one that the cell touches. What such a variable holds is compared with what it
 * shares: it counts as changed when a cell makes another name lead to it (`view = array[1:]`), and as read when a cell changes what it
 * shares, or reads what refers to it weakly.
 */
function sharesObject(name, { objects, seen, task }) {
  const { writes, reads } = seen;
  const own = writes[name]?.object;
  if (own !== undefined && Object.entries(writes).some(([other, one]) => other !== name && one.object === own))
    return true;
  if (new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`).test(task.source)) return false;
  const before = objects.get(name);
  return before !== undefined && Object.keys(reads).some((other) => other !== name && objects.get(other) === before);
}

function predictedLevel(kind, name, predicted) {
  if (kind === 'reads') return predicted.reads.get(name)?.level;
  const any = [predicted[kind], predicted.binds, predicted.changes].map((map) => map.get(name)?.level);
  return any.find((level) => level !== undefined);
}
