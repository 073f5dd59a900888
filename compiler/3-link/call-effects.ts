import type { CallSite } from '../2-analyze/steps.ts';
import type { Argument, Entry, LibraryEffect } from '../knowledge/entry.ts';
import type { Knowledge } from '../knowledge/load.ts';
import type { Happenings, Place } from './happening.ts';
import { isFixed, type Thing } from './things.ts';

/** A call with what its parts hold. */
export interface Call {
  readonly site: CallSite;
  readonly receiver: Thing | undefined;
  readonly positional: readonly Thing[];
  readonly keywords: ReadonlyMap<string, Thing>;
}

/** Where happenings go; a change of a value is worked out by who knows the variables. */
export interface Sink {
  readonly knowledge: Knowledge;
  readonly happenings: Happenings;
  change(thing: Thing, place: Place, assumed: boolean): void;
}

/** Where a call is, and in what words it is spoken of. */
export function placeOf({ site }: Call, reason: string): Place {
  return { range: site.range, certainty: site.certainty, reason };
}

function argumentOf(call: Call, argument: Argument): Thing | undefined {
  const byName = argument.keyword === undefined ? undefined : call.keywords.get(argument.keyword);
  return byName ?? (argument.position === undefined ? undefined : call.positional[argument.position]);
}

/** True when a keyword is given something else than nothing. */
export function isGiven(call: Call, keyword: string, { nothing }: Knowledge): boolean {
  const thing = call.keywords.get(keyword);
  return thing !== undefined && !thing.what.some((what) => what.kind === 'object' && what.type.name === nothing);
}

/** Everything that is handed to a call. */
export function argumentsOf(call: Call): readonly Thing[] {
  return [...call.positional, ...call.keywords.values()];
}

/** Identifiers in the text of the arguments, and in texts that variables hold. */
function namesInText(call: Call): readonly string[] {
  const texts = [call.site.argumentText, ...argumentsOf(call).flatMap(({ text }) => text ?? [])];
  return [...new Set(texts.flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []))];
}

function isWritten(call: Call, effect: { readonly access: string; readonly argument: Argument | 'receiver' }): boolean {
  if (effect.access !== 'open') return effect.access === 'write';
  const mode = call.keywords.get('mode') ?? call.positional[effect.argument === 'receiver' ? 0 : 1];
  return mode?.text !== undefined && /[wax+]/.test(mode.text);
}

function useFile(call: Call, effect: LibraryEffect & { kind: 'file' }, sink: Sink): void {
  const place = placeOf(call, `${call.site.calleeText}()`);
  const file = effect.argument === 'receiver' ? call.receiver : argumentOf(call, effect.argument);
  if (file === undefined) return;
  const written = isWritten(call, effect);
  const isOpen = file.what.some((what) => what.kind === 'object' && what.type.name === 'file');
  if (isOpen) sink.change(file, placeOf(call, call.site.reason), false);
  else if (file.text !== undefined && /^[a-z0-9]+:\/\//i.test(file.text))
    sink.happenings.add({ ...place, kind: 'outside', outside: 'network' });
  else {
    if (written) sink.happenings.add({ ...place, kind: 'outside', outside: 'file-write' });
    if (file.text !== undefined)
      sink.happenings.add({ ...place, kind: 'file', path: file.text, access: written ? 'write' : 'read' });
  }
}

function isMade(thing: Thing | undefined, keyword: string): boolean {
  return thing?.what.some((what) => what.kind === 'object' && what.made.split(' ').includes(keyword)) === true;
}

/** What an entry of the tables says that a call does. */
export function applyEntry(call: Call, entry: Entry, sink: Sink): void {
  const { site, receiver, keywords } = call;
  const place = placeOf(call, `${site.calleeText}()`);
  for (const effect of entry.effects) {
    switch (effect.kind) {
      case 'changes-receiver': {
        const wanted = effect.onlyIf === undefined || keywords.get(effect.onlyIf)?.text === 'True';
        if (wanted && receiver !== undefined) sink.change(receiver, placeOf(call, site.reason), false);
        break;
      }
      case 'changes-argument': {
        const thing = argumentOf(call, effect.argument);
        if (thing !== undefined) sink.change(thing, placeOf(call, site.reason), false);
        break;
      }
      case 'state': {
        const { state, access, unless } = effect;
        if (unless !== undefined && (isGiven(call, unless, sink.knowledge) || isMade(receiver, unless))) break;
        sink.happenings.add({ ...place, kind: 'state', state, access });
        break;
      }
      case 'file':
        useFile(call, effect, sink);
        break;
      case 'outside':
        sink.happenings.add({ ...place, kind: 'outside', outside: effect.outside });
        break;
      case 'names-in-text':
        sink.happenings.add({ ...place, kind: 'unobservable', names: namesInText(call) });
        break;
      case 'runs-text':
        runText(call, effect.expression, sink);
        break;
      case 'runs-cell': {
        const reason = `${site.calleeText}() runs text as a cell`;
        sink.happenings.add({ ...placeOf(call, reason), kind: 'everything', assumed: false });
        break;
      }
      case 'every-variable': {
        if (effect.bare && argumentsOf(call).length > 0) break;
        const reason = `${site.calleeText}() sees every variable`;
        sink.happenings.add({ ...placeOf(call, reason), kind: 'everything', assumed: false });
      }
    }
  }
}

function runText(call: Call, expression: boolean, sink: Sink): void {
  const { site, positional } = call;
  const reason = `${site.calleeText}() runs text that is not in the cell`;
  if (expression && positional[0]?.text !== undefined) {
    const names = namesInText(call);
    sink.happenings.add({ ...placeOf(call, `${site.calleeText}()`), kind: 'unobservable', names });
  } else sink.happenings.add({ ...placeOf(call, reason), kind: 'everything', assumed: true });
}

/**
 * A call of what is not known: it may change all that it gets. Of a method whose receiver may be anything, the tables say at least which
 * files it may touch, which text it may read, and that no method of that name changes what it is given.
 */
export function applyUnknown(call: Call, method: string, sink: Sink): void {
  const { site, receiver, keywords } = call;
  const entries = receiver === undefined || receiver.what.length > 0 ? [] : sink.knowledge.methodsNamed(method);
  const place = placeOf(call, `call of ${site.calleeText}(), which is not known to leave it alone`);
  const inPlace = keywords.get('inplace')?.text === 'True';
  if (receiver !== undefined && !isFixed(receiver)) {
    if (inPlace) sink.change(receiver, placeOf(call, site.reason), false);
    else sink.change(receiver, place, true);
  }
  for (const entry of entries) {
    const effects = entry.effects.filter(({ kind }) => kind === 'file' || kind === 'outside' || kind === 'runs-cell');
    if (effects.length > 0) applyEntry(call, { ...entry, effects }, sink);
  }
  if (sink.knowledge.readsNamesInText(method))
    sink.happenings.add({ ...place, kind: 'unobservable', names: namesInText(call) });
  const harmless = entries.length > 0 && !entries.some(({ effects }) => effects.some(isArgumentChange));
  if (!harmless) for (const thing of argumentsOf(call)) if (!isFixed(thing)) sink.change(thing, place, true);
}

function isArgumentChange(effect: LibraryEffect): boolean {
  return effect.kind === 'changes-argument';
}
