import type { Access, Edge, Resource } from '../bundle/format.ts';
import type { CallSite, Effects, NameUse, Summary } from '../2-analyze/effects.ts';

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

interface Callable {
  readonly summary: Summary;
  readonly cell: number;
}

/** Joins the effects of all cells: what functions of earlier cells do when they are called, and which write reaches which read. */
export function linkCells(cells: readonly LinkedCell[]): Graph {
  const callables = new Map<string, Callable>();
  const accesses: Access[][] = [];
  const names = new Set(cells.flatMap((cell) => cell.effects.binds.map((use) => use.name)));
  cells.forEach((cell, index) => {
    for (const summary of cell.effects.summaries) callables.set(summary.name, { summary, cell: index });
    accesses.push(cell.executed ? collectAccesses(cell.effects, callables, names) : []);
  });
  const exposed = exposedNames(cells, accesses);
  return {
    tasks: cells.map((cell, index) => ({
      accesses: accesses[index] ?? [],
      exposes: exposed[index] ?? '*',
      preload:
        cell.effects.unknown.length > 0
          ? '*'
          : unique(cell.effects.unobservable.map((use) => use.name).filter((name) => names.has(name))),
    })),
    edges: findEdges(cells, accesses),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function toAccess(use: NameUse, access: Access['access'], reason?: string): Access {
  return {
    resource: { kind: 'variable', name: use.name },
    access,
    certainty: use.certainty,
    assumed: use.assumed,
    range: use.range,
    reason: reason ?? use.reason,
  };
}

function collectAccesses(
  effects: Effects,
  callables: ReadonlyMap<string, Callable>,
  names: ReadonlySet<string>,
): Access[] {
  const found: Access[] = [
    ...effects.reads.map((use) => toAccess(use, 'read')),
    ...effects.unobservable.filter((use) => names.has(use.name)).map((use) => toAccess(use, 'read')),
    ...effects.mutates.map((use) => toAccess(use, 'mutate')),
    ...effects.binds.map((use) => toAccess(use, 'bind')),
    ...effects.deletes.map((use) => toAccess(use, 'delete')),
  ];
  for (const state of effects.state) {
    found.push({
      resource: { kind: 'state', name: state.state },
      access: state.access === 'read' ? 'read' : 'mutate',
      certainty: 'may',
      assumed: false,
      range: state.range,
      reason: state.reason,
    });
  }
  for (const file of effects.files) {
    found.push({
      resource: { kind: 'file', path: file.path },
      access: file.access === 'read' ? 'read' : 'mutate',
      certainty: 'may',
      assumed: false,
      range: file.range,
      reason: file.reason,
    });
  }
  for (const outside of effects.outside) {
    found.push({
      resource: { kind: 'outside', reason: outside.outside },
      access: 'mutate',
      certainty: 'may',
      assumed: false,
      range: outside.range,
      reason: outside.reason,
    });
  }
  for (const unknown of effects.unknown) {
    found.push({
      resource: { kind: 'outside', reason: 'unknown' },
      access: 'mutate',
      certainty: 'may',
      assumed: false,
      range: unknown.range,
      reason: unknown.reason,
    });
  }
  const own = new Set(effects.binds.map((use) => use.name));
  addCalls(effects.calls, callables, own, found);
  return unify(found);
}

/** Late binding: a call does what the body does with the names as they are now. */
function addCalls(
  calls: readonly CallSite[],
  callables: ReadonlyMap<string, Callable>,
  own: ReadonlySet<string>,
  found: Access[],
): void {
  const seen = new Set<string>();
  const queue = calls.flatMap((call) => targetsOf(call, callables).map((target) => ({ call, target })));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { call, target } = next;
    const { summary, cell } = target;
    for (const parameter of summary.mutatedParameters) {
      const argument = call.positional[parameter.position] ?? call.keywords[parameter.name];
      if (argument !== undefined) {
        found.push(
          toAccess(
            { name: argument, range: call.range, certainty: 'may', assumed: false, reason: '' },
            'mutate',
            `call of ${summary.name}(), which changes its parameter ${parameter.name}`,
          ),
        );
      }
    }
    if (seen.has(`${summary.name}:${String(cell)}`)) continue;
    seen.add(`${summary.name}:${String(cell)}`);
    const through = `call of ${summary.name}()`;
    for (const use of summary.reads)
      if (!own.has(use.name))
        found.push(
          toAccess({ ...use, range: call.range, certainty: 'may' }, 'read', `${through}, which reads ${use.name}`),
        );
    for (const use of summary.mutates)
      found.push(
        toAccess({ ...use, range: call.range, certainty: 'may' }, 'mutate', `${through}, which changes ${use.name}`),
      );
    for (const use of summary.binds)
      found.push(
        toAccess({ ...use, range: call.range, certainty: 'may' }, 'bind', `${through}, which binds ${use.name}`),
      );
    queue.push(
      ...summary.calls.flatMap((inner) =>
        targetsOf(inner, callables).map((found_) => ({ call: { ...inner, range: call.range }, target: found_ })),
      ),
    );
  }
}

/** A call of a name is the latest function or class of that name; a call of a method may be any notebook class's method. */
function targetsOf(call: CallSite, callables: ReadonlyMap<string, Callable>): Callable[] {
  const direct = callables.get(call.callee);
  if (direct !== undefined) return [direct];
  const method = /\.(\w+)$/.exec(call.callee)?.[1];
  if (method === undefined) return [];
  return [...callables.values()].filter(({ summary }) => summary.name.endsWith(`.${method}`));
}

function keyOf(resource: Resource): string {
  switch (resource.kind) {
    case 'variable':
    case 'state':
      return `${resource.kind}:${resource.name}`;
    case 'file':
      return `file:${resource.path}`;
    case 'outside':
      return 'outside';
  }
}

/** One access of a kind for each resource: the first certain one, else the first. */
function unify(accesses: readonly Access[]): Access[] {
  const best = new Map<string, Access>();
  for (const access of accesses) {
    const key = `${access.access} ${keyOf(access.resource)}`;
    const before = best.get(key);
    if (before === undefined || (before.assumed && !access.assumed)) best.set(key, access);
  }
  return [...best.values()];
}

/** Names that each cell must leave behind: those that later cells, or functions of any cell, may read before they bind them. */
function exposedNames(
  cells: readonly LinkedCell[],
  accesses: readonly (readonly Access[])[],
): readonly (readonly string[] | '*')[] {
  const summaries = cells.flatMap((cell) => cell.effects.summaries);
  const anyTime = summaries.flatMap((summary) => [...summary.reads, ...summary.mutates].map((use) => use.name));
  const exposed: (readonly string[] | '*')[] = [];
  let live = new Set<string>();
  let everything = false;
  for (let index = cells.length - 1; index >= 0; index--) {
    exposed[index] = everything ? '*' : unique([...live, ...anyTime]);
    const effects = cells[index]?.effects;
    if (effects === undefined || cells[index]?.executed !== true) continue;
    everything ||= effects.unknown.length > 0;
    live = liveBefore(live, accesses[index] ?? []);
    for (const use of effects.unobservable) live.add(use.name);
  }
  return exposed;
}

/** Backward liveness over one cell: what it certainly binds is dead before it, unless the cell reads it first. */
function liveBefore(after: ReadonlySet<string>, accesses: readonly Access[]): Set<string> {
  const live = new Set(after);
  const bound = new Set<string>();
  for (const { resource, access, certainty } of accesses) {
    if (resource.kind !== 'variable' || access !== 'bind') continue;
    bound.add(resource.name);
    if (certainty === 'must') live.delete(resource.name);
  }
  for (const { resource, access } of accesses) {
    if (resource.kind !== 'variable' || access === 'bind') continue;
    if (access !== 'mutate' || !bound.has(resource.name)) live.add(resource.name);
  }
  return live;
}

interface Write {
  readonly index: number;
  readonly access: Access;
}

function findEdges(cells: readonly LinkedCell[], accesses: readonly (readonly Access[])[]): Edge[] {
  const edges = new Map<string, Edge>();
  const writes = new Map<string, Write[]>();
  const add = (write: Write, to: number, access: Access, kind: Edge['kind']): void => {
    const from = cells[write.index]?.id ?? '';
    const target = cells[to]?.id ?? '';
    const key = `${from} ${target} ${keyOf(access.resource)}`;
    const assumed = write.access.assumed;
    const before = edges.get(key);
    if (write.index === to || (before !== undefined && (!before.assumed || assumed))) return;
    const reason = `${describe(access.resource)}: ${write.access.reason} → ${access.reason === '' ? 'read' : access.reason}`;
    edges.set(key, {
      from,
      to: target,
      kind,
      resource: access.resource,
      assumed,
      reason,
      fromRange: write.access.range,
      toRange: access.range,
    });
  };
  accesses.forEach((list, index) => {
    for (const access of list) {
      if (access.access === 'bind') continue;
      const kind = access.resource.kind === 'variable' ? 'data' : 'order';
      for (const write of reaching(writes.get(keyOf(access.resource)) ?? [])) add(write, index, access, kind);
    }
    const unknown = list.find((access) => access.resource.kind === 'outside' && access.resource.reason === 'unknown');
    if (unknown !== undefined)
      for (const [, found] of writes)
        for (const write of reaching(found))
          add(write, index, { ...write.access, reason: unknown.reason, range: unknown.range }, 'data');
    for (const access of list) {
      if (access.access === 'read') continue;
      const key = keyOf(access.resource);
      writes.set(key, [...(writes.get(key) ?? []), { index, access }]);
    }
    for (const [key, found] of writes) {
      if (!key.startsWith('state:') || key.endsWith('random')) continue;
      for (const write of reaching(found))
        if (write.index < index && cells[index]?.executed === true)
          add(write, index, { ...write.access, access: 'read', reason: 'every cell may depend on it' }, 'order');
    }
  });
  return [...edges.values()];
}

/** The writes that may be seen after a list of writes in order: back to the last certain one. */
function reaching(list: readonly Write[]): readonly Write[] {
  const last = list.findLastIndex((write) => !write.access.assumed);
  return last < 0 ? list : list.slice(last);
}

function describe(resource: Resource): string {
  switch (resource.kind) {
    case 'variable':
      return resource.name;
    case 'state':
      return `the state of ${resource.name}`;
    case 'file':
      return resource.path;
    case 'outside':
      return 'the world outside';
  }
}
