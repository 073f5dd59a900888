import type { Known } from './codec/known.ts';
import type { EngineState } from './engine-state.ts';
import type { Kernel } from './kernels/kernel.ts';
import type { ImportedModules } from './modules.ts';
import type { Pending } from './pending.ts';
import type { Scope } from './scope.ts';

interface Around {
  readonly engine: EngineState;
  readonly kernel: Kernel;
  readonly known: Known;
  readonly modules: ImportedModules;
  readonly pending: Pending;
  readonly scope: Scope;
}

/** By the name of a state, what it is. */
export type Captured = ReadonlyMap<string, unknown>;

const environ = 'state:environ';
const cwd = 'state:cwd';
const umask = 'state:umask';

/** What cells share without naming it. */
export class HiddenState {
  readonly #around: Around;
  readonly #start: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #mask: number;

  constructor(around: Around) {
    this.#around = around;
    this.#start = around.kernel.environment();
    this.#folder = process.cwd();
    this.#mask = around.kernel.fileMask();
  }

  /** What differs from the start. */
  capture(): Captured {
    return this.#around.kernel.aside(() => this.#capture());
  }

  #capture(): Captured {
    const now = this.#around.kernel.environment();
    const changed: Record<string, string | null> = {};
    for (const [name, value] of Object.entries(now)) if (this.#start[name] !== value) changed[name] = value;
    for (const name of Object.keys(this.#start)) if (!(name in now)) changed[name] = null;
    const found = new Map<string, unknown>();
    if (Object.keys(changed).length > 0) found.set(environ, sorted(changed));
    const folder = process.cwd();
    if (folder !== this.#folder) found.set(cwd, folder);
    const mask = this.#around.kernel.fileMask();
    if (mask !== this.#mask) found.set(umask, mask);
    return found;
  }

  /** What a task has changed; a state that is again as at the start is written as that. */
  changes(before: Captured, after: Captured): ReadonlyMap<string, unknown> {
    const found = new Map<string, unknown>();
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      if (JSON.stringify(before.get(name)) === JSON.stringify(after.get(name))) continue;
      const atStart = name === cwd ? this.#folder : name === umask ? this.#mask : {};
      found.set(name, after.get(name) ?? atStart);
    }
    return found;
  }

  restore(name: string, value: unknown): void {
    const { kernel } = this.#around;
    if (name === cwd) kernel.aside(() => process.chdir(String(value)));
    if (name === umask) kernel.fileMask(Number(value));
    if (name !== environ) return;
    const wanted = { ...this.#start, ...(value as Record<string, string | null>) };
    for (const [variable, set] of Object.entries(wanted)) kernel.setVariable(variable, set ?? undefined);
    for (const variable of Object.keys(kernel.environment()))
      if (!(variable in wanted)) kernel.setVariable(variable, undefined);
  }

  /** What no store has and every later cell may find; undefined when there is nothing of the kind. */
  reasonToStay(): { readonly name: string; readonly what: string } | undefined {
    const { engine, known, kernel, modules, pending, scope } = this.#around;
    const running = pending.describe();
    if (running !== undefined) return { name: 'state:pending', what: running };
    const changed = known.changed() ?? known.changedGlobal(scope.baseline);
    if (changed !== undefined) return { name: 'state:builtins', what: `${changed}, which was changed` };
    const unusual = scope.unusual();
    if (unusual !== undefined) return { name: 'state:globals', what: `${unusual}, which is no ordinary variable` };
    const kept = kernel.aside(() => engine.describe(modules.has('node:fs') || modules.has('fs')));
    if (kept !== undefined) return { name: 'state:engine', what: kept };
    if (scope.unset !== undefined) return { name: 'state:unset', what: `${scope.unset}, which never got a value` };
    const shown = kernel.consoleState();
    if (shown !== undefined) return { name: 'state:console', what: shown };
    if (modules.keeper !== undefined)
      return { name: 'state:modules', what: `the module ${modules.keeper}, which may keep something` };
    const other = modules.changed();
    return other === undefined ? undefined : { name: 'state:modules', what: `${other}, which was changed` };
  }
}

function sorted(record: Readonly<Record<string, string | null>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1)));
}
