import type { Access, Resource } from '../bundle/format.ts';
import type { Effects, NameUse } from '../2-analyze/effects.ts';
import type { Knowledge } from '../knowledge/load.ts';
import type { Happening } from './happening.ts';

/** Names that a cell may mean when it names one: all that some cell binds, all that some cell reads, and those of libraries. */
export interface NotebookNames {
  readonly knowledge: Knowledge;
  readonly bound: ReadonlySet<string>;
  readonly read: ReadonlySet<string>;
}

function ofVariable(use: Omit<NameUse, 'assumed'>, access: Access['access'], assumed = false): Access {
  const { name, certainty, range, reason } = use;
  return { resource: { kind: 'variable', name }, access, certainty, assumed, range, reason };
}

function ofWorld(
  resource: Resource,
  access: 'read' | 'write',
  place: { readonly range: Access['range']; readonly reason: string },
): Access {
  const { range, reason } = place;
  return { resource, access: access === 'read' ? 'read' : 'mutate', certainty: 'may', assumed: false, range, reason };
}

/** What a cell reads, binds, changes and touches: what its text shows, and what its calls come to. */
export function collectAccesses(
  effects: Effects,
  happenings: readonly Happening[],
  names: NotebookNames,
): readonly Access[] {
  const own = new Set(effects.binds.map((use) => use.name));
  return unify([
    ...effects.reads.map((use) => ofVariable(use, 'read')),
    ...effects.unobservable.filter((use) => names.bound.has(use.name)).map((use) => ofVariable(use, 'read')),
    ...happenings.filter(({ kind }) => kind === 'change').flatMap((happening) => accessesOf(happening, own, names)),
    ...effects.binds.map((use) => ofVariable(use, 'bind')),
    ...effects.deletes.map((use) => ofVariable(use, 'delete')),
    ...effects.state.map((use) => ofWorld({ kind: 'state', name: use.state }, use.access, use)),
    ...effects.files.map((use) => ofWorld({ kind: 'file', path: use.path }, use.access, use)),
    ...effects.outside.map((use) => ofWorld({ kind: 'outside', reason: use.outside }, 'write', use)),
    ...effects.unknown.map((use) => ofWorld({ kind: 'outside', reason: 'unknown' }, 'write', use)),
    ...happenings.filter(({ kind }) => kind !== 'change').flatMap((happening) => accessesOf(happening, own, names)),
  ]);
}

function accessesOf(happening: Happening, own: ReadonlySet<string>, names: NotebookNames): readonly Access[] {
  switch (happening.kind) {
    case 'change':
      return [ofVariable(happening, 'mutate', happening.assumed)];
    case 'read':
      return own.has(happening.name) ? [] : [ofVariable(happening, 'read')];
    case 'bind':
      return [ofVariable(happening, 'bind')];
    case 'state':
      return [ofWorld({ kind: 'state', name: happening.state }, happening.access, happening)];
    case 'outside':
      return [ofWorld({ kind: 'outside', reason: happening.outside }, 'write', happening)];
    case 'file':
      return [ofWorld({ kind: 'file', path: happening.path }, happening.access, happening)];
    case 'everything':
      return [
        {
          ...ofWorld({ kind: 'outside', reason: 'unknown' }, 'write', happening),
          assumed: happening.assumed,
        },
      ];
    case 'unobservable':
      return happening.names
        .filter((name) => names.bound.has(name))
        .map((name) => ofVariable({ ...happening, name, reason: 'named in a string that is evaluated' }, 'read'));
    case 'star':
      return starBinds(happening, names);
    case 'unresolved':
      return [];
  }
}

/** A star import binds names that are not in the text: most likely those that nothing else does, perhaps others. */
function starBinds(star: Happening & { kind: 'star' }, names: NotebookNames): readonly Access[] {
  return [...names.read].flatMap((name) => {
    const isBuiltin = names.knowledge.builtinNames.has(name);
    const isMember = names.knowledge.memberOf(`${star.module}.${name}`) !== undefined;
    if (isBuiltin && !isMember) return [];
    return [ofVariable({ ...star, name }, 'bind', names.bound.has(name) && !isMember)];
  });
}

/** A resource as a key. */
export function keyOf(resource: Resource): string {
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

/** True when the access may be any access to anything. */
export function isUnknown(access: Access): boolean {
  return access.resource.kind === 'outside' && access.resource.reason === 'unknown';
}

/** One access of a kind for each resource: the first certain one, else the first. */
function unify(accesses: readonly Access[]): readonly Access[] {
  const best = new Map<string, Access>();
  for (const access of accesses) {
    const unknown = isUnknown(access) ? ' unknown' : '';
    const key = `${access.access} ${keyOf(access.resource)}${unknown}`;
    const before = best.get(key);
    if (before === undefined || (before.assumed && !access.assumed)) best.set(key, access);
  }
  return [...best.values()];
}
