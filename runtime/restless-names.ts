import type { Task } from '../compiler/bundle/format.ts';
import type { AttemptResult } from './process/protocol.ts';

/**
 * Variables that cells turned out to change although their text does not say so: a fitted model that computes its attributes when
 * they are first looked at, a table that tidies itself up. Once seen, it is expected of the other cells that use them: to run those
 * side by side would only make results that are thrown away.
 */
export class RestlessNames {
  /** Changed by a cell that seems only to read it. */
  readonly #byReading = new Set<string>();
  /** Changed by a call that is not known. */
  readonly #byUnknownCalls = new Set<string>();

  /** Takes in what an attempt did. */
  observe(task: Task, result: AttemptResult): void {
    for (const [name, write] of Object.entries(result.writes)) {
      if (write.how !== 'mutate' || write.same) continue;
      const use = useOf(task, name);
      if (use === 'read') this.#byReading.add(name);
      if (use === 'unknown call') this.#byUnknownCalls.add(name);
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#byReading.size + this.#byUnknownCalls.size;
  }

  /** True when `earlier`, which has not ended, probably changes something that `later` reads. */
  mayChange(earlier: Task, later: Task): boolean {
    if (this.size === 0) return false;
    return later.accesses.some(({ resource, access }) => {
      if (resource.kind !== 'variable' || access === 'bind') return false;
      const use = useOf(earlier, resource.name);
      if (use === 'unknown call') return this.#byReading.has(resource.name) || this.#byUnknownCalls.has(resource.name);
      return use === 'read' && this.#byReading.has(resource.name);
    });
  }
}

/** How a task uses a variable, as far as its text says; undefined when it does not, or certainly changes it. */
function useOf(task: Task, name: string): 'read' | 'unknown call' | undefined {
  const own = task.accesses.filter(({ resource }) => resource.kind === 'variable' && resource.name === name);
  if (own.length === 0 || own.some(({ access, assumed }) => access !== 'read' && !assumed)) return undefined;
  return own.some(({ assumed }) => assumed) ? 'unknown call' : 'read';
}
