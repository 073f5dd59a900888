/** A block with names of its own. */
export interface Scope {
  readonly kind: 'module' | 'function' | 'class';
  /** Its number in the cell; the module is 0. */
  readonly block: number;
  readonly bound: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly parent: Scope | undefined;
}

/** The block that a name belongs to, seen from a scope; 0 when it is a global. */
export function ownerOf(from: Scope, name: string): number {
  let scope: Scope | undefined = from;
  let own = true;
  // In a method it is a cell of the class's own.
  if (name === '__class__' && scope.parent?.kind === 'class') return scope.block;
  while (scope !== undefined && scope.kind !== 'module') {
    if (scope.globals.has(name)) return 0;
    if (scope.bound.has(name) && (own || scope.kind === 'function')) return scope.block;
    own = false;
    scope = scope.parent;
  }
  return 0;
}

/** The name of a variable in steps: a global's own, else with its block. */
export function variableName(name: string, block: number): string {
  return block === 0 ? name : `${name}@${block}`;
}
