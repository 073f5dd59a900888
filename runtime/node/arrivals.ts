import type { ValueRef } from '../process/protocol.ts';
import type { Variable } from './scope.ts';

/** A value that came from the store. */
export interface Arrival {
  readonly ref: ValueRef;
  readonly variable: Variable;
}

/** What came from the store into this process. */
export class Arrivals {
  readonly variables: Map<string, Arrival> = new Map();
  /** Shared with what was asked for; nobody has read them. */
  readonly aside: Map<string, Arrival> = new Map();
  readonly definitions: Map<string, { readonly ref: ValueRef; readonly definition: object }> = new Map();

  /** What was loaded from each object of the store for this task. */
  readonly groups: Map<string, ReadonlyMap<string, Variable | { readonly definition: object }>> = new Map();

  has(name: string): boolean {
    return this.variables.has(name) || this.aside.has(name);
  }

  add(name: string, ref: ValueRef, variable: Variable): void {
    this.variables.set(name, { ref, variable });
  }

  putAside(name: string, ref: ValueRef, variable: Variable): void {
    this.aside.set(name, { ref, variable });
  }

  /** A value that came along is asked for itself now. */
  takeAside(name: string): Arrival | undefined {
    const found = this.aside.get(name);
    if (found === undefined) return undefined;
    this.aside.delete(name);
    this.variables.set(name, found);
    return found;
  }

  /** What another task is going to find has its value from that task on. */
  forgetAllBut(keep: ReadonlySet<string>): void {
    if (keep.has('*')) return;
    this.groups.clear();
    this.variables.clear();
    this.aside.clear();
  }
}

/** True for hidden state, on which every task depends. */
export function isImplicit(name: string): boolean {
  return name.startsWith('state:');
}
