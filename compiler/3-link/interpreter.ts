import type { Effects, Summary } from '../2-analyze/effects.ts';
import type { CallSite, Step, Value } from '../2-analyze/steps.ts';
import type { Entry } from '../knowledge/entry.ts';
import type { Knowledge } from '../knowledge/load.ts';
import { applyEntry, applyUnknown, argumentsOf, isGiven, placeOf, type Call, type Sink } from './call-effects.ts';
import { evaluate, resultOf, type Surroundings } from './evaluate.ts';
import { makeFrame, type Frame } from './frame.ts';
import type { Happening, Place } from './happening.ts';
import {
  anything,
  isFixed,
  isMutable,
  isSameThing,
  joinThings,
  Whats,
  type Definition,
  type Thing,
  type What,
} from './things.ts';
import { Variables } from './variables.ts';

/** What a function did on behalf of a call, to be told again for a call with the like. */
interface Outcome {
  readonly signature: string;
  readonly looked: ReadonlyMap<string, Thing | undefined>;
  readonly happenings: readonly Happening[];
  readonly returns: Thing;
  readonly bound: ReadonlyMap<string, Thing>;
}

/** A notebook with more calls than this in one cell, those of functions included, is understood less well, not more slowly. */
const mostCalls = 2000;
const deepest = 12;

/**
 * Goes through the cells in order and finds out what their calls do: it keeps what each variable holds, as far as the text and the
 * tables say, and goes through a function of the notebook where it is called, with the variables as they are then.
 */
export class Interpreter {
  readonly #knowledge: Knowledge;
  readonly #whats: Whats;
  readonly #variables: Variables;
  readonly #cellOf = new Map<Summary, number>();
  readonly #classMethods = new Map<string, Definition[]>();
  readonly #outcomes = new Map<Summary, Outcome[]>();
  readonly #active = new Set<Summary>();
  readonly #stars: string[] = [];
  #calls = 0;

  constructor(knowledge: Knowledge) {
    this.#knowledge = knowledge;
    this.#whats = new Whats(knowledge);
    this.#variables = new Variables(this.#whats);
  }

  /** What the steps of a cell come to. */
  run(effects: Effects, cell: number): readonly Happening[] {
    this.#calls = 0;
    for (const summary of effects.summaries) {
      this.#cellOf.set(summary, cell);
      const method = /\.(\w+)$/.exec(summary.name)?.[1];
      if (method === undefined) continue;
      const list = this.#classMethods.get(method);
      if (list === undefined) this.#classMethods.set(method, [{ summary, cell }]);
      else list.push({ summary, cell });
    }
    const frame = makeFrame(cell, undefined);
    this.#follow(effects.steps, frame);
    return frame.happenings.list();
  }

  #follow(steps: readonly Step[], frame: Frame): void {
    const around = this.#around(frame);
    for (const step of steps) {
      switch (step.kind) {
        case 'bind':
          this.#bind(step, frame, around);
          break;
        case 'change':
          this.#change(step, frame, around);
          break;
        case 'call':
          frame.results.set(step.call, this.#call(step.call, frame, around));
          break;
        case 'return': {
          const given = evaluate(step.value, around);
          frame.returns = frame.returns === undefined ? given : joinThings(frame.returns, given);
          break;
        }
        case 'star':
          this.#stars.unshift(step.module);
          frame.happenings.add({
            range: step.range,
            certainty: 'may',
            reason: `from ${step.module} import *`,
            kind: 'star',
            module: step.module,
          });
      }
    }
  }

  #around(frame: Frame): Surroundings {
    return {
      whats: this.#whats,
      variable: (name, local) => (local ? this.#local(name, frame) : this.#global(name, frame)),
      result: (call) => frame.results.get(call) ?? anything,
      definition: (summary) => this.#whats.definition(summary, this.#cellOf.get(summary) ?? frame.cell),
    };
  }

  /** A variable of the body, or of the function around it when that is being gone through. */
  #local(name: string, frame: Frame): Thing {
    for (let at: Frame | undefined = frame; at?.cell === frame.cell; at = at.outer) {
      const found = at.locals.get(name);
      if (found === undefined) continue;
      if (at !== frame) forget(frame, at);
      return found;
    }
    return anything;
  }

  #global(name: string, frame: Frame): Thing {
    frame.looked?.set(name, this.#variables.peek(name));
    if (this.#variables.has(name)) return this.#variables.get(name);
    for (const module of [...this.#stars, 'builtins']) {
      const path = `${module}.${name}`;
      if (this.#knowledge.memberOf(path) !== undefined || this.#knowledge.isModule(path))
        return { what: [this.#whats.path(path)], roots: [] };
    }
    return this.#variables.get(name);
  }

  #bind(step: Step & { kind: 'bind' }, frame: Frame, around: Surroundings): void {
    const { name, local, value } = step;
    const certain = step.certainty === 'must';
    const thing = evaluate(value, around);
    if (value.kind === 'augmented' && isMutable(evaluate(value.of, around))) return;
    if (local || frame.outer !== undefined) {
      const target = local ? frame.locals : frame.bound;
      const before = target.get(name);
      target.set(name, certain || before === undefined ? thing : joinThings(before, thing));
    } else if (value.kind === 'variable' && !value.local && !isFixed(thing)) {
      this.#variables.alias(name, value.name, certain);
    } else this.#variables.bind(name, thing, certain);
  }

  #change(step: Step & { kind: 'change' }, frame: Frame, around: Surroundings): void {
    const { target, range, certainty, reason } = step;
    let changed: Value = target.kind === 'attribute' || target.kind === 'item' ? target.of : target;
    // `df.index.name = …`: what no call can change is changed as a part of something else.
    while ((changed.kind === 'attribute' || changed.kind === 'item') && isFixedObject(evaluate(changed, around)))
      changed = changed.of;
    this.#sink(frame).change(evaluate(changed, around), { range, certainty, reason }, false);
  }

  /** Turns the change of a value into changes of variables and of hidden state. */
  #sink(frame: Frame): Sink {
    return {
      knowledge: this.#knowledge,
      happenings: frame.happenings,
      change: (thing, place, assumed) => {
        for (const what of thing.what) {
          if (what.kind === 'object' && what.type.state !== undefined)
            frame.happenings.add({ ...place, kind: 'state', state: what.type.state, access: 'write' });
          else if (what.kind === 'path' && !assumed)
            frame.happenings.add({ ...place, kind: 'state', state: 'modules', access: 'write' });
        }
        // No call changes a class or a function by being given it; what sets an attribute of one does.
        if (isFixed(thing) && (assumed || !thing.what.some((what) => what.kind === 'definition'))) return;
        // Parameters of the body have no version: they are told apart where it was called.
        for (const { name } of thing.roots)
          if (name.startsWith('%')) frame.happenings.add({ ...place, kind: 'change', name, assumed });
        for (const name of this.#variables.changedBy(thing.roots.filter((root) => !root.name.startsWith('%'))))
          frame.happenings.add({ ...place, kind: 'change', name, assumed });
      },
    };
  }

  #call(site: CallSite, frame: Frame, around: Surroundings): Thing {
    const { callee } = site;
    const method = callee.kind === 'attribute' ? callee.name : '';
    const receiver = callee.kind === 'attribute' ? evaluate(callee.of, around) : undefined;
    const call: Call = {
      site,
      receiver: receiver?.what.some((what) => what.kind === 'path') === true ? undefined : receiver,
      positional: site.positional.map((value) => evaluate(value, around)),
      keywords: new Map(site.keywords.map(({ name, value }) => [name, evaluate(value, around)])),
    };
    const sink = this.#sink(frame);
    const entries: Entry[] = [];
    const definitions: Definition[] = [];
    this.#targets(receiver, method, { entries, definitions });
    if (entries.length === 0 && definitions.length === 0)
      for (const what of evaluate(callee, around).what) {
        const entry =
          what.kind === 'path'
            ? this.#knowledge.memberOf(what.path)
            : what.kind === 'object'
              ? what.type.methods.get('__call__')
              : undefined;
        if (entry !== undefined) entries.push(entry);
        else if (what.kind === 'definition') definitions.push(what.definition);
        else if (what.kind === 'instance') this.#method(what.definition, '__call__', { entries, definitions });
      }
    const results: Thing[] = [];
    for (const entry of entries) {
      applyEntry(call, frame.outer === undefined ? entry : inFunction(entry), sink);
      const made = entry.gives.types.length === 0 ? '' : seedOf(call, this.#knowledge);
      results.push(resultOf(entry.gives, { receiver: call.receiver, positional: call.positional, made }, this.#whats));
    }
    for (const definition of definitions) results.push(this.#enter(definition, call, frame));
    if (entries.length === 0 && definitions.length === 0) {
      applyUnknown(call, method, sink);
      const unknown = receiver === undefined ? evaluate(callee, around) : receiver;
      if (!isFixed(unknown)) this.#unresolved(call, method, frame);
    }
    this.#callBack(call, frame);
    const [first, ...rest] = results;
    return first === undefined ? anything : rest.reduce(joinThings, first);
  }

  /** Entries and definitions that `receiver.method` may be. */
  #targets(
    receiver: Thing | undefined,
    method: string,
    found: { readonly entries: Entry[]; readonly definitions: Definition[] },
  ): void {
    for (const what of receiver?.what ?? []) {
      switch (what.kind) {
        case 'path': {
          const entry = this.#knowledge.memberOf(`${what.path}.${method}`);
          if (entry !== undefined) found.entries.push(entry);
          break;
        }
        case 'object': {
          const entry = what.type.methods.get(method);
          if (entry !== undefined && !found.entries.includes(entry)) found.entries.push(entry);
          break;
        }
        case 'definition':
        case 'instance':
          this.#method(what.definition, method, found);
      }
    }
  }

  /** A method of a class of the notebook, or of one it is made from. */
  #method(
    { summary, cell }: Definition,
    name: string,
    found: { readonly entries: Entry[]; readonly definitions: Definition[] },
  ): void {
    const own = summary.methods.find((method) => method.name === name);
    if (own !== undefined) found.definitions.push({ summary: own, cell });
    // A class that is made from itself is a mistake of the notebook, not ours.
    else if (summary.kind === 'class' && !this.#active.has(summary)) {
      this.#active.add(summary);
      const around = this.#around(makeFrame(cell, undefined));
      for (const base of summary.bases) {
        const thing = evaluate(base, around);
        this.#targets({ ...thing, what: thing.what.flatMap((what) => this.#madeBy(what)) }, name, found);
      }
      this.#active.delete(summary);
    }
  }

  /** What calling a class gives. */
  #madeBy(what: What): readonly What[] {
    if (what.kind === 'definition') return [this.#whats.instance(what.definition)];
    return what.kind === 'path' ? this.#whats.objects(this.#knowledge.memberOf(what.path)?.gives.types ?? []) : [];
  }

  /** The receiver is not known: the call may be one of a method of any class of the notebook. */
  #unresolved(call: Call, method: string, frame: Frame): void {
    frame.happenings.add({ ...placeOf(call, call.site.reason), kind: 'unresolved' });
    if (method.startsWith('__')) return;
    for (const definition of this.#classMethods.get(method) ?? []) this.#enter(definition, call, frame);
  }

  /** Functions of the notebook that are handed to a call may be called by it, with what nobody knows. */
  #callBack(call: Call, frame: Frame): void {
    for (const thing of argumentsOf(call))
      for (const what of thing.what)
        if (what.kind === 'definition' && what.definition.summary.kind === 'function')
          this.#enter(what.definition, { ...call, receiver: undefined, positional: [], keywords: new Map() }, frame);
  }

  /** A function or class of the notebook is called. */
  #enter(definition: Definition, call: Call, frame: Frame): Thing {
    const { summary, cell } = definition;
    const place = (reason: string): Place => ({ ...placeOf(call, reason), certainty: 'may' });
    const through = `call of ${summary.name}()`;
    const again = frame.told.has(summary);
    frame.told.add(summary);
    for (const use of again ? [] : summary.reads)
      frame.happenings.add({ ...place(`${through}, which reads ${use.name}`), kind: 'read', name: use.name });
    for (const use of again ? [] : summary.binds)
      frame.happenings.add({ ...place(`${through}, which binds ${use.name}`), kind: 'bind', name: use.name });
    if (summary.kind === 'class') {
      const made: Thing = { what: [this.#whats.instance(definition)], roots: [] };
      for (const method of summary.methods) {
        if (method.role === undefined) continue;
        const own = method.role === 'constructor' ? {} : { positional: [], keywords: new Map<string, Thing>() };
        this.#enter({ summary: method, cell }, { ...call, ...own, receiver: made }, frame);
      }
      return made;
    }
    const given = argumentsFor(summary, call);
    const outcome = this.#outcome(definition, { ...call, positional: given }, frame);
    if (outcome === undefined) return anything;
    const told = frame.told.has(outcome);
    frame.told.add(outcome);
    const rootsOf = (name: string): Thing => given[Number(name.slice(1))] ?? keywordOf(call, summary, name);
    for (const happening of outcome.happenings) {
      if (happening.kind === 'change' && happening.name.startsWith('%')) {
        const parameter = summary.parameters[Number(happening.name.slice(1))] ?? '';
        const reason = `${through}, which changes its parameter ${parameter}`;
        this.#sink(frame).change(rootsOf(happening.name), place(reason), happening.assumed);
      } else if (told) continue;
      else if (happening.kind === 'change')
        frame.happenings.add({ ...happening, ...place(`${through}, which changes ${happening.name}`) });
      else frame.happenings.add({ ...happening, ...place(happening.reason) });
    }
    for (const [name, thing] of outcome.bound) this.#variables.bind(name, thing, false);
    if (call.site.makesObject === true) return anything;
    return this.#returned(outcome.returns, rootsOf);
  }

  /** What a function returned, in terms of the arguments of this call. */
  #returned(thing: Thing, rootsOf: (name: string) => Thing): Thing {
    const groups = new Map<number, ReturnType<Whats['group']>>();
    const mapped = (one: Thing): Thing => ({
      ...one,
      ...(one.element === undefined ? {} : { element: mapped(one.element) }),
      roots: one.roots.flatMap((root) => {
        if (root.name.startsWith('%')) return rootsOf(root.name).roots;
        if (root.name !== '') return [root];
        const group = groups.get(root.version) ?? this.#whats.group();
        groups.set(root.version, group);
        return [group];
      }),
      ...(one.parts === undefined ? {} : { parts: one.parts.map(mapped) }),
    });
    return mapped(thing);
  }

  /** Goes through a function's body with these arguments, or recalls what came of it. */
  #outcome({ summary, cell }: Definition, call: Call, frame: Frame): Outcome | undefined {
    if (this.#active.has(summary) || this.#active.size >= deepest || this.#calls >= mostCalls) return undefined;
    const parameters = summary.parameters.map((name, place): Thing => ({
      what: (call.positional[place] ?? call.keywords.get(name) ?? anything).what,
      roots: [{ name: `%${place}`, version: 0 }],
    }));
    const signature = parameters.map(({ what }) => what.map((one) => this.#number(one)).join('|')).join();
    const known = (this.#outcomes.get(summary) ?? []).find(
      (outcome) =>
        outcome.signature === signature &&
        [...outcome.looked].every(([name, thing]) => isSameThing(thing, this.#variables.peek(name))),
    );
    if (known !== undefined) {
      for (const [name, thing] of known.looked) frame.looked?.set(name, thing);
      return known;
    }
    this.#calls += summary.steps.length + 1;
    const inner = makeFrame(cell, frame);
    summary.parameters.forEach((name, place) =>
      inner.locals.set(`${name}@${summary.block}`, parameters[place] ?? anything),
    );
    this.#active.add(summary);
    this.#follow(summary.steps, inner);
    this.#active.delete(summary);
    const outcome: Outcome = {
      signature,
      looked: inner.looked ?? new Map(),
      happenings: inner.happenings.list(),
      returns: inner.returns ?? { what: this.#whats.objects([this.#knowledge.nothing]), roots: [] },
      bound: inner.bound,
    };
    if (inner.looked === undefined) return outcome;
    for (const [name, thing] of inner.looked) frame.looked?.set(name, thing);
    this.#outcomes.set(summary, [outcome, ...(this.#outcomes.get(summary) ?? []).slice(0, 3)]);
    return outcome;
  }

  readonly #numbers = new Map<object, number>();

  #number(what: object): number {
    const known = this.#numbers.get(what) ?? this.#numbers.size;
    this.#numbers.set(what, known);
    return known;
  }
}

function isFixedObject(thing: Thing): boolean {
  return isFixed(thing) && thing.what.every((what) => what.kind === 'object' && what.type.state === undefined);
}

/** What the parameters of a function get, in order. */
function argumentsFor({ receiver }: Summary, call: Call): readonly Thing[] {
  if (receiver === 'never' || (receiver === 'if-any' && call.receiver === undefined)) return call.positional;
  return [call.receiver ?? anything, ...call.positional];
}

/** Asked without an argument in a function, `vars` and its like see what is local to it. */
function inFunction(entry: Entry): Entry {
  if (!entry.effects.some((effect) => effect.kind === 'every-variable' && effect.bare)) return entry;
  return { ...entry, effects: entry.effects.filter((effect) => effect.kind !== 'every-variable') };
}

/** The body has looked at a variable of another one, so what it did holds for this call only. */
function forget(frame: Frame, until: Frame): void {
  for (let at: Frame | undefined = frame; at !== undefined && at !== until; at = at.outer) at.looked = undefined;
}

/** Keywords of a call that make its result draw no random numbers of others. */
function seedOf(call: Call, knowledge: Knowledge): string {
  return knowledge.seedKeywords.filter((name) => isGiven(call, name, knowledge)).join(' ');
}

function keywordOf(call: Call, summary: Summary, parameter: string): Thing {
  return call.keywords.get(summary.parameters[Number(parameter.slice(1))] ?? '') ?? anything;
}
