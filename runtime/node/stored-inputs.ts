import { KeptSecrets } from './kept-secrets.ts';
import { Definitions } from './codec/definitions.ts';
import { Known } from './codec/known.ts';
import { Store } from './codec/store.ts';
import { Values } from './codec/values.ts';
import { Inspector } from './inspector.ts';
import { ImportedModules } from './modules.ts';
import type { ValueRef } from '../process/protocol.ts';

/** What a cell of a run started with, by reference. */
export interface StoredReferences {
  /** Folder of the objects of the store. */
  readonly store: string;
  /** Folder that the cells ran in. */
  readonly cwd: string;
  /** By the name of a variable, a definition or a hidden state, the object that holds it. */
  readonly references: Readonly<Record<string, string>>;
}

type Load = (specifier: string) => Promise<Record<string, unknown>>;

const environ = 'state:environ';

/** The values of names before a task of an earlier run, in a plain kernel of the same engine. What is changed here changes nothing there. */
export class StoredInputs {
  readonly #references: ReadonlyMap<string, ValueRef>;
  readonly #values: Values;
  readonly #members = new Map<string, ReturnType<Values['load']>>();

  private constructor({ store, references }: StoredReferences, modules: ImportedModules) {
    this.#references = new Map(
      Object.entries(references).map(([name, object]) => [name, { object, member: name, content: object }]),
    );
    const inspector = new Inspector();
    const known = new Known();
    const secrets = new KeptSecrets([], {});
    const definitions = new Definitions(inspector);
    this.#values = new Values({ inspector, known, store: new Store(store), definitions, modules, secrets });
    this.#values.fetch = (name) => this.#definition(name);
  }

  /**
   * Opens them, in the folder of the run, with the variables of the environment that earlier cells had set.
   * @param load the import of the notebook
   */
  static async open(given: StoredReferences, load: Load): Promise<StoredInputs> {
    process.chdir(given.cwd);
    const modules = new ImportedModules({ import: load, resolve: (specifier) => specifier });
    const inputs = new StoredInputs(given, modules);
    for (const reference of inputs.#references.values())
      for (const specifier of inputs.#values.modulesIn(reference)) await modules.load(specifier);
    inputs.#restoreState();
    return inputs;
  }

  /** All variables that the store has. */
  get names(): readonly string[] {
    return [...this.#references.keys()].filter((name) => !name.includes(':')).sort();
  }

  /** The value of a variable; those that shared objects share them here too. */
  value(name: string): unknown {
    const found = this.#load(name);
    if (found === undefined || 'definition' in found) throw new Error(`the run has no value of ${name} at this place`);
    return found.value;
  }

  #definition(name: string): object {
    const found = this.#load(name);
    if (found === undefined || !('definition' in found)) throw new Error(`the run has no ${name} at this place`);
    return found.definition;
  }

  #load(name: string): ReturnType<Values['load']> extends ReadonlyMap<string, infer Thing> ? Thing | undefined : never {
    const reference = this.#references.get(name);
    if (reference === undefined) return undefined;
    const members = this.#members.get(reference.object) ?? this.#values.load(reference);
    this.#members.set(reference.object, members);
    return members.get(name);
  }

  #restoreState(): void {
    const changed = this.#references.has(environ) ? (this.value(environ) as Record<string, string | null>) : {};
    for (const [name, value] of Object.entries(changed)) {
      if (value === null) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    if (this.#references.has('state:cwd')) process.chdir(String(this.value('state:cwd')));
  }
}

/** @throws StoreDamaged where an object of the store is missing or damaged */
export async function openInputs(given: StoredReferences, load: Load): Promise<StoredInputs> {
  return await StoredInputs.open(given, load);
}
