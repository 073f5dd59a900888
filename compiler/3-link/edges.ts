import type { Access, Edge, Resource } from '../bundle/format.ts';
import { isUnknown, keyOf } from './accesses.ts';

interface Write {
  readonly index: number;
  readonly access: Access;
}

interface Read {
  readonly index: number;
  readonly access: Access;
  readonly kind: Edge['kind'];
  /** Only text that is not known may read it. */
  readonly assumed: boolean;
}

/** Which write reaches which read, over the cells in order. */
export function findEdges(
  cells: readonly { readonly id: string; readonly executed: boolean }[],
  accesses: readonly (readonly Access[])[],
): readonly Edge[] {
  const edges = new Map<string, Edge>();
  /** Back to the last write that is certain: the writes that may be seen. */
  const writes = new Map<string, Write[]>();
  /** Writes of hidden state that every later cell depends on. */
  const everywhere = new Map<string, Write[]>();
  const add = (write: Write, read: Read): void => {
    const { resource, range } = read.access;
    const from = cells[write.index]?.id ?? '';
    const to = cells[read.index]?.id ?? '';
    const key = `${from} ${to} ${keyOf(resource)}`;
    const assumed = write.access.assumed || read.assumed;
    const before = edges.get(key);
    if (write.index === read.index || (before !== undefined && (!before.assumed || assumed))) return;
    const observed = write.access.observed === true || read.access.observed === true;
    const reason = `${describe(resource)}: ${write.access.reason} → ${read.access.reason === '' ? 'read' : read.access.reason}`;
    edges.set(key, {
      from,
      to,
      kind: read.kind,
      resource,
      assumed,
      ...(observed && { observed }),
      reason,
      fromRange: write.access.range,
      toRange: range,
    });
  };
  accesses.forEach((list, index) => {
    for (const access of list) {
      if (access.access === 'bind') continue;
      const kind = access.resource.kind === 'variable' ? 'data' : 'order';
      for (const write of writes.get(keyOf(access.resource)) ?? []) add(write, { index, access, kind, assumed: false });
    }
    const unknown = list.find((access) => isUnknown(access) && !access.assumed) ?? list.find(isUnknown);
    if (unknown !== undefined) {
      const { reason, range, assumed } = unknown;
      for (const write of [...writes.values()].flat())
        add(write, { index, access: { ...write.access, reason, range }, kind: 'data', assumed });
    }
    for (const access of list) {
      if (access.access === 'read') continue;
      const key = keyOf(access.resource);
      const before = access.assumed ? (writes.get(key) ?? []).filter((write) => !isCovered(write, access)) : [];
      const now = [...before, { index, access }];
      writes.set(key, now);
      if (access.resource.kind === 'state' && !access.resource.name.endsWith('random')) everywhere.set(key, now);
    }
    if (cells[index]?.executed !== true) return;
    for (const write of [...everywhere.values()].flat()) {
      if (write.index === index) continue;
      const access: Access = { ...write.access, access: 'read', reason: 'every cell may depend on it' };
      add(write, { index, access, kind: 'order', assumed: false });
    }
  });
  return [...edges.values()];
}

/** Who changes a variable reads it too, so an assumed change before another one is reached through that. */
function isCovered(write: Write, later: Access): boolean {
  return write.access.assumed && write.access.access === 'mutate' && later.access === 'mutate';
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
