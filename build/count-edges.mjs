/** Compares the graph that the compiler predicted with the dependencies that a run had, and says how wide each is. */

/** Hidden state that only those tasks depend on that touched it, as `isQuiet` of `runtime/versions.ts` says. */
function isQuiet(name) {
  return name === 'state:random' || name.endsWith('.random') || name === 'state:backend';
}

function isImplicit(name) {
  return name.startsWith('state:') || name.startsWith('slot:');
}

/** Pairs of places `from → to`: the latest writer of each name that a task read; hidden state reaches every later task. */
export function observedPairs(observed) {
  const latest = new Map();
  const writersOfFiles = new Map();
  let outside;
  return observed.flatMap((seen, to) => {
    if (seen === undefined) return [];
    const from = new Set();
    const names = Object.keys(seen.reads).filter((name) => !isImplicit(name) || isQuiet(name));
    const everywhere = [...latest.keys()].filter((name) => isImplicit(name) && !isQuiet(name));
    for (const name of [...names, ...everywhere]) if (latest.has(name)) from.add(latest.get(name));
    for (const path of seen.filesRead) if (writersOfFiles.has(path)) from.add(writersOfFiles.get(path));
    if (seen.outside.length > 0) {
      if (outside !== undefined) from.add(outside);
      outside = to;
    }
    const wrote = Object.entries(seen.writes).filter(([, { same }]) => !same);
    for (const name of [...wrote.map(([name]) => name), ...seen.unsaved, ...seen.held, ...seen.deletes])
      latest.set(name, to);
    for (const path of seen.filesWritten) writersOfFiles.set(path, to);
    return [...from].map((place) => [place, to]);
  });
}

/** The predicted pairs, each with whether it rests on assumptions only. */
export function predictedPairs({ tasks, edges }) {
  const places = new Map(tasks.map(({ id }, place) => [id, place]));
  const pairs = new Map();
  for (const { from, to, assumed } of edges) {
    const key = `${places.get(from)} ${places.get(to)}`;
    pairs.set(key, (pairs.get(key) ?? true) && assumed);
  }
  return [...pairs].map(([key, assumed]) => ({ pair: key.split(' ').map(Number), assumed }));
}

/** For each place, all places that it depends on, directly or not. Pairs lead forward. */
function reachOf(pairs, size) {
  const reach = Array.from({ length: size }, () => new Set());
  for (const [from, to] of [...pairs].sort((left, right) => left[1] - right[1] || left[0] - right[0])) {
    reach[to].add(from);
    for (const place of reach[from]) reach[to].add(place);
  }
  return reach;
}

/** How long the longest path is, in tasks and in seconds, and how much there is in all. */
function lengthOf(pairs, observed) {
  const tasks = observed.map((seen) => (seen === undefined ? 0 : 1));
  const seconds = observed.map((seen) => seen?.seconds ?? 0);
  const longest = (weights) => {
    const ends = [...weights];
    const sorted = [...pairs].sort((left, right) => left[1] - right[1]);
    for (const [from, to] of sorted) ends[to] = Math.max(ends[to], ends[from] + weights[to]);
    return Math.max(0, ...ends);
  };
  const sum = (weights) => weights.reduce((total, weight) => total + weight, 0);
  return { tasks: sum(tasks), path: longest(tasks), seconds: sum(seconds), pathSeconds: longest(seconds) };
}

/** What the edges of a bundle are worth, by what was observed. Only pairs of tasks that both ran count. */
export function judgeEdges(bundle, observed) {
  const ran = ([from, to]) => observed[from] !== undefined && observed[to] !== undefined;
  const needed = observedPairs(observed);
  const all = predictedPairs(bundle).filter(({ pair }) => ran(pair));
  const certain = all.filter(({ assumed }) => !assumed);
  const size = observed.length;
  const neededReach = reachOf(needed, size);
  const judge = (some) => {
    const pairs = some.map(({ pair }) => pair);
    const reach = reachOf(pairs, size);
    return {
      pairs: pairs.length,
      unnecessary: pairs.filter(([from, to]) => !neededReach[to].has(from)).length,
      needed: needed.length,
      missing: needed.filter(([from, to]) => !reach[to].has(from)).length,
      ...lengthOf(pairs, observed),
    };
  };
  return { certain: judge(certain), all: judge(all), exact: lengthOf(needed, observed) };
}
