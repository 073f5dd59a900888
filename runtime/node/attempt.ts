import type {
  AttemptResult,
  Binding,
  FileRead,
  FromAttempt,
  Measured,
  OutputMessage,
  ToWorker,
  ValueRef,
} from '../process/protocol.ts';
import { nothingObserved } from '../nothing-observed.ts';
import { Arrivals, isImplicit } from './arrivals.ts';
import type { Channel, Configuration } from './channel.ts';
import { Clock } from './clock.ts';
import { Definitions } from './codec/definitions.ts';
import { Known } from './codec/known.ts';
import { Store, StoreDamaged } from './codec/store.ts';
import { Values } from './codec/values.ts';
import { concludeVariables } from './conclude.ts';
import { EngineState, type Use } from './engine-state.ts';
import { HiddenState } from './hidden-state.ts';
import { Inspector } from './inspector.ts';
import type { Kernel } from './kernels/kernel.ts';
import { KeptSecrets } from './kept-secrets.ts';
import { filesOfModules } from './module-files.ts';
import { measure, type CellEnd } from './measure.ts';
import { ImportedModules, ModuleAbsent, type Loader } from './modules.ts';
import { Pending } from './pending.ts';
import { Scope, type Variable } from './scope.ts';
import { describeThrown, hideOwnFrames, Scripts } from './scripts.ts';

// As it is before a cell can see it.
const now = performance.now.bind(performance);

const useInWords: Readonly<Record<Use, string>> = {
  storage: 'the storage of its process',
  'last match': 'the last match of a regular expression',
  'number of the process': 'the number of its process',
  'address of an object': 'an address of an object of its process',
};

export type RunOrder = Extract<ToWorker, { type: 'run' }>;

/** The process of an attempt: it runs one task, and more when it holds values that cannot leave it. */
export class Attempt {
  readonly #channel: Channel;
  readonly #kernel: Kernel;
  readonly #inspector: Inspector;
  readonly #definitions: Definitions;
  readonly #known: Known;
  readonly #values: Values;
  readonly #scope: Scope;
  readonly #modules: ImportedModules;
  readonly #pending = new Pending();
  readonly #clock = new Clock();
  readonly #scripts = new Scripts();
  readonly #state: HiddenState;
  readonly #arrivals = new Arrivals();
  #reads: Record<string, string> = {};
  #isLane = false;
  /** A cell runs, so what is done is its doing. */
  #isInCell = false;
  #usesStorage = false;

  private constructor(
    channel: Channel,
    {
      kernel,
      inspector,
      store,
      modules,
      configuration: { origin, secrets },
    }: {
      kernel: Kernel;
      inspector: Inspector;
      store: Store;
      modules: ImportedModules;
      configuration: Configuration;
    },
  ) {
    this.#channel = channel;
    this.#kernel = kernel;
    this.#inspector = inspector;
    this.#modules = modules;
    kernel.install((output) => this.#emit(output));
    modules.askForNativeCode = () => kernel.askForNativeCode();
    this.#pending.install();
    hideOwnFrames();
    this.#clock.install(origin);
    const engine = new EngineState((use) => this.#used(use));
    this.#definitions = new Definitions(inspector);
    Object.defineProperty(globalThis, '__cellwright_import', {
      value: async (specifier: unknown, options?: object) => await modules.import(specifier, options),
      configurable: true,
    });
    this.#scope = new Scope(inspector);
    this.#known = new Known();
    const kept = new KeptSecrets(secrets, kernel.environment());
    const around = { inspector, known: this.#known, store, definitions: this.#definitions, modules, secrets: kept };
    this.#values = new Values(around);
    this.#values.fetch = (name) => this.#fetchDefinition(name);
    this.#state = new HiddenState({
      engine,
      kernel,
      known: this.#known,
      modules,
      pending: this.#pending,
      scope: this.#scope,
    });
  }

  static async start(
    channel: Channel,
    given: { kernel: Kernel; loader: Loader; configuration: Configuration },
  ): Promise<Attempt> {
    const inspector = new Inspector();
    await inspector.connect();
    const { kernel, loader, configuration } = given;
    const store = new Store(configuration.store);
    return new Attempt(channel, { kernel, inspector, store, modules: new ImportedModules(loader), configuration });
  }

  /** Runs once through all that a task needs, so that the engine has it ready. */
  async warmUp(): Promise<void> {
    await this.#inspector.run('void 0');
    await this.#scope.all();
    this.#state.capture();
    this.#state.reasonToStay();
  }

  /** Runs what the scheduler sends until it says exit. */
  async serve(): Promise<void> {
    for (;;) {
      const order = await this.#channel.next();
      if (order.type === 'exit') return;
      if (order.type === 'run') await this.#guarded(async () => ({ type: 'done', result: await this.#run(order) }));
      if (order.type === 'conclude') await this.#guarded(async () => await this.#concludeLane());
    }
  }

  async #guarded(action: () => Promise<FromAttempt>): Promise<void> {
    try {
      this.#channel.send(await action());
    } catch (error) {
      if (error instanceof StoreDamaged) this.#channel.send({ type: 'damaged', object: error.message });
      else if (error instanceof ModuleAbsent) this.#needOneProcess(error);
      else this.#channel.send({ type: 'broken', traceback: tracebackOf(error) });
    }
  }

  #needOneProcess(error: ModuleAbsent): void {
    this.#channel.send({ type: 'one-process', reason: `a value of the module ${error.message} is read unexpectedly` });
  }

  /** A cell uses what the engine keeps for all cells of a process: no other process has it. */
  #used(use: Use): void {
    if (!this.#isInCell) return;
    this.#usesStorage ||= use === 'storage';
    const what = useInWords[use];
    if (!this.#isLane) this.#channel.send({ type: 'one-process', reason: `it uses ${what}` });
  }

  #emit(output: OutputMessage): void {
    this.#channel.send({ type: 'output', output });
  }

  // Names that come from elsewhere.

  /** A name that the process does not have: ask, load, and give it, if it exists. */
  #fault(name: string): Variable | undefined {
    if (this.#isLane) return undefined;
    const waiting = this.#arrivals.takeAside(name);
    if (waiting !== undefined) {
      this.#reads[name] = waiting.ref.content;
      return waiting.variable;
    }
    if (this.#reads[name] === 'absent') return undefined;
    return this.#kernel.aside(() => {
      if (this.#isInCell) this.#known.setAside();
      try {
        const binding = this.#ask(name, false);
        return this.#bind(name, binding);
      } catch (error) {
        if (error instanceof StoreDamaged) this.#channel.send({ type: 'damaged', object: error.message });
        else if (error instanceof ModuleAbsent) this.#needOneProcess(error);
        else throw error;
        process.kill(process.pid, 'SIGKILL');
        return undefined;
      } finally {
        if (this.#isInCell) this.#known.putBack();
      }
    });
  }

  #ask(name: string, companion: boolean): Binding {
    const answer = this.#channel.ask({ type: 'need', name, companion });
    return answer.type === 'binding' ? answer.binding : { kind: 'absent' };
  }

  /** Takes a value in under its name; undefined when there is none. */
  #bind(name: string, binding: Binding): Variable | undefined {
    if (binding.kind !== 'value') {
      this.#reads[name] ??= 'absent';
      return undefined;
    }
    const { ref } = binding;
    this.#reads[name] = ref.content;
    // What shares objects with a value that is here is here as well.
    const here = this.#arrivals.takeAside(name);
    if (here?.ref.object === ref.object) return here.variable;
    const members = this.#arrivals.groups.get(ref.object) ?? this.#values.load(ref);
    this.#arrivals.groups.set(ref.object, members);
    for (const [other, thing] of members) {
      if ('definition' in thing)
        this.#arrivals.definitions.set(other, { ref: { ...ref, member: other }, definition: thing.definition });
    }
    const found = members.get(ref.member);
    if (found === undefined || 'definition' in found) return undefined;
    this.#arrivals.add(name, ref, found);
    for (const [other, thing] of members) {
      if (other !== name && !('definition' in thing)) this.#takeCompanion(other, ref, thing);
    }
    return found;
  }

  /** A variable that shares objects with one that was loaded comes along, if it still has that value. */
  #takeCompanion(name: string, { object }: ValueRef, variable: Variable): void {
    if (this.#arrivals.has(name)) return;
    const binding = this.#ask(name, true);
    if (binding.kind === 'value' && binding.ref.object === object) this.#arrivals.putAside(name, binding.ref, variable);
  }

  #fetchDefinition(name: string): object {
    const known = this.#arrivals.definitions.get(name);
    if (known !== undefined) return known.definition;
    const binding = this.#ask(name, false);
    if (binding.kind !== 'value') throw new Error(`the definition ${name} is not in the store`);
    this.#reads[name] = binding.ref.content;
    const found = this.#values.load(binding.ref).get(name);
    if (found === undefined || !('definition' in found)) throw new Error(`${name} is no definition`);
    this.#arrivals.definitions.set(name, { ref: binding.ref, definition: found.definition });
    return found.definition;
  }

  // One task.

  async #prepare(order: RunOrder): Promise<void> {
    const keep = new Set(order.keep);
    // What this process has and another has written since; nobody can take a name away that was declared.
    const own = keep.has('*') ? [] : [...(await this.#scope.all()).keys()].filter((name) => !keep.has(name));
    this.#arrivals.forgetAllBut(keep);
    const bindings = new Map(
      Object.entries(order.preload).filter(([name]) => name !== '*' && !name.startsWith('def:')),
    );
    for (const name of [...own, ...order.shadowedBuiltins])
      if (!bindings.has(name) && !keep.has(name)) bindings.set(name, this.#ask(name, false));
    await this.#importFor([...bindings.values()]);
    const found = new Map<string, Variable>();
    // A class that is read again may look up what it extends.
    this.#scope.watch((name) => this.#fault(name));
    for (const [name, binding] of bindings) {
      if (name.startsWith('state:')) {
        if (binding.kind === 'value') this.#restoreState(name, binding.ref);
        continue;
      }
      const variable = this.#bind(name, binding);
      if (variable !== undefined) found.set(name, variable);
    }
    this.#values.forgetRead();
    this.#scope.unwatch();
    for (const name of own) if (!found.has(name)) found.set(name, { kind: 'property', value: undefined });
    await this.#scope.declare(found);
  }

  /** Modules that values refer to. While they are imported they look for names of their own, which are no cell's. */
  async #importFor(bindings: readonly Binding[]): Promise<void> {
    const specifiers = bindings.flatMap((binding) =>
      binding.kind === 'value' ? this.#values.modulesIn(binding.ref) : [],
    );
    for (const specifier of new Set(specifiers)) await this.#modules.load(specifier);
  }

  #restoreState(name: string, ref: ValueRef): void {
    this.#reads[name] = ref.content;
    const found = this.#values.load(ref).get(ref.member);
    if (found !== undefined && !('definition' in found)) this.#state.restore(name, found.value);
  }

  async #run(order: RunOrder): Promise<AttemptResult> {
    this.#isLane = order.lane === true;
    this.#reads = {};
    this.#definitions.task = order.task;
    const known = new Set(this.#modules.specifiers);
    const before = await this.#kernel.asideAsync(async () => {
      if (!this.#isLane) await this.#prepare(order);
      return this.#state.capture();
    });
    const started = now();
    const used = process.cpuUsage();
    if (order.timeout !== undefined) this.#channel.send({ type: 'clock', state: 'runs', spent: 0 });
    this.#clock.wasRead();
    const end = await this.#runCell(order);
    // What a confined cell imports may look at it; the cell itself does not.
    const outside =
      this.#clock.wasRead() && order.script?.isConfined !== true ? ['it reads the clock of its process'] : [];
    const seconds = (now() - started) / 1000;
    if (order.timeout !== undefined) this.#channel.send({ type: 'clock', state: 'ends', spent: seconds });
    const { user, system } = process.cpuUsage(used);
    const measured = await this.#measure(order, end);
    const result: Mutable = {
      ...structuredNothing(),
      status: end.threw ? 'error' : 'ok',
      outside,
      imported: this.#modules.specifiers.filter((name) => !known.has(name)),
      reads: this.#reads,
      shadowed: [...order.shadowedBuiltins],
      seconds,
      cpuSeconds: (user + system) / 1e6,
      peakMemory: process.memoryUsage().rss,
      ...(measured !== undefined && { measured }),
    };
    if (this.#isLane) return result;
    return await this.#kernel.asideAsync(async () => {
      result.filesRead.push(...this.#filesOfModules());
      return await this.#conclude(result, order, before);
    });
  }

  async #runCell(order: RunOrder): Promise<CellEnd> {
    const { script, executionCount } = order;
    if (script === undefined) {
      const evalue = 'the cell is no valid TypeScript';
      this.#emit({ kind: 'error', ename: 'SyntaxError', evalue, traceback: [`SyntaxError: ${evalue}`] });
      return { threw: true, value: undefined };
    }
    const text = this.#scripts.add(executionCount, script, this.#kernel.prefix);
    this.#definitions.know(text);
    this.#modules.isConfined = script.isConfined === true;
    if (!this.#isLane) this.#scope.expect(script.declares.flatMap(({ name, how }) => (how === 'var' ? [name] : [])));
    this.#scope.watch((name) => this.#fault(name));
    this.#pending.watch();
    this.#isInCell = true;
    this.#known.putBack();
    try {
      const end = await this.#inspector.run(text);
      if (end.threw) {
        this.#emit({ kind: 'error', ...describeThrown(end.value, this.#scripts) });
        return end;
      }
      const shown = await this.#kernel.show(end.value);
      if (shown !== undefined) this.#emit({ kind: 'result', ...shown });
      return end;
    } finally {
      this.#modules.isConfined = false;
      await this.#pending.settle();
      this.#known.setAside();
      this.#isInCell = false;
      this.#scope.settleExpected();
      this.#scope.unwatch();
    }
  }

  #filesOfModules(): readonly FileRead[] {
    if (this.#modules.specifiers.length === 0) return [];
    const resolve = (specifier: string): string | undefined => this.#modules.resolve(specifier);
    const around = { cwd: process.cwd(), environment: this.#kernel.environment(), resolve };
    return filesOfModules(this.#modules.specifiers, around);
  }

  /** What is measured has been read by the cell. */
  async #measure(order: RunOrder, end: CellEnd): Promise<Measured | undefined> {
    if (order.measures === undefined) return undefined;
    const here = await this.#scope.all();
    this.#scope.watch((name) => this.#fault(name));
    const look = (name: string): Variable | undefined => here.get(name) ?? this.#fault(name);
    const measured = await measure(order, { end, inspector: this.#inspector, look });
    this.#scope.unwatch();
    return measured;
  }

  async #conclude(
    result: Mutable,
    order: RunOrder,
    before: ReturnType<HiddenState['capture']>,
  ): Promise<AttemptResult> {
    const after = this.#state.capture();
    const variables = await this.#scope.all();
    for (const name of variables.keys()) if (this.#scope.isBaseline(name)) result.shadows.push(name);
    const reason = this.#state.reasonToStay();
    if (reason !== undefined) result.held[reason.name] = reason.what;
    for (const [name, value] of this.#state.changes(before, after)) {
      const { refs, unstorable } = await this.#values.dump(new Map([[name, { kind: 'var', value }]]), new Map());
      const ref = refs.get(name);
      if (ref !== undefined) result.writes[name] = { ref, same: false, how: 'bind' };
      else result.held[name] = unstorable.get(name) ?? 'a state that cannot be stored';
    }
    await concludeVariables(result, {
      order,
      variables,
      arrivals: this.#arrivals,
      values: this.#values,
      stays: reason?.what,
    });
    for (const name of order.keep)
      if (isImplicit(name) && !(name in result.held) && !(name in result.writes)) result.deletes.push(name);
    return result;
  }

  async #concludeLane(): Promise<FromAttempt> {
    await Promise.resolve();
    const { variables, packages, filesWritten, outside, requests } = nothingObserved;
    const filesRead = this.#kernel.aside(() => this.#filesOfModules());
    const reason = this.#state.reasonToStay();
    const running = reason?.name === 'state:pending' ? [`it leaves ${reason.what}`] : [];
    const stored = this.#usesStorage ? ['it uses the storage of its process'] : [];
    const observed = {
      filesRead,
      variables,
      packages,
      filesWritten,
      requests,
      outside: [...outside, ...running, ...stored],
    };
    return { type: 'concluded', observed };
  }
}

/** A result that is being made. */
type Mutable = {
  -readonly [Key in keyof AttemptResult]: AttemptResult[Key] extends readonly (infer Item)[]
    ? Item[]
    : AttemptResult[Key] extends Readonly<Record<string, infer Value>>
      ? Record<string, Value>
      : AttemptResult[Key];
};

/** What happened stands in the last line. */
export function tracebackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? ''}\n${String(error)}` : String(error);
}

function structuredNothing(): Mutable {
  return structuredClone(nothingObserved) as Mutable;
}
