import type { Access, Bundle } from '../../compiler/bundle/format.ts';

const verbs: Readonly<Record<Access['access'], string>> = {
  read: 'reads',
  bind: 'binds',
  mutate: 'changes',
  delete: 'deletes',
};

/** What cannot be read off the names in the text alone: changes, the world, and what called functions do. */
function isTelling({ resource, access, reason }: Access): boolean {
  return resource.kind !== 'variable' || access === 'mutate' || /^(?:call of|named in|from .* import \*)/.test(reason);
}

/** An access in words: `changes df`, `perhaps changes df`, `writes state random`. */
export function describeAccess({ resource, access, assumed }: Access): string {
  const what =
    resource.kind === 'variable'
      ? resource.name
      : resource.kind === 'state'
        ? `state ${resource.name}`
        : resource.kind === 'file'
          ? `file ${resource.path}`
          : resource.reason;
  const verb =
    resource.kind === 'outside'
      ? 'touches'
      : access === 'mutate' && resource.kind !== 'variable'
        ? 'writes'
        : verbs[access];
  return `${assumed ? 'perhaps ' : ''}${verb} ${what}`;
}

/** What cells do beside reading and binding the names in their text, a cell a line. */
export function describeBundle({ tasks }: Bundle): string {
  return tasks
    .flatMap(({ accesses, preload }, place) => {
      const told = [...new Set(accesses.filter(isTelling).map(describeAccess))];
      if (preload === '*') told.push('preloads everything');
      else if (preload.length > 0) told.push(`preloads ${preload.join(' ')}`);
      return told.length === 0 ? [] : [`${place + 1}: ${told.join(', ')}`];
    })
    .join('\n');
}
