import type { ValueRef } from '../process/protocol.ts';
import type { Arrivals } from './arrivals.ts';
import type { RunOrder } from './attempt.ts';
import type { Values } from './codec/values.ts';
import type { Variable } from './scope.ts';

interface Result {
  readonly reads: Record<string, string>;
  readonly writes: Record<string, { readonly ref: ValueRef; readonly same: boolean; readonly how: 'bind' | 'mutate' }>;
  readonly deletes: string[];
  readonly shadows: readonly string[];
  readonly held: Record<string, string>;
  readonly unsaved: string[];
}

interface Around {
  readonly order: RunOrder;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly arrivals: Arrivals;
  readonly values: Values;
  /** Why all of it has to stay in this process. */
  readonly stays: string | undefined;
}

/** What became of the variables of a task: stored, left as they are, or held by the process. */
export async function concludeVariables(result: Result, around: Around): Promise<void> {
  const { order, variables, arrivals, values, stays } = around;
  for (const name of arrivals.variables.keys()) if (!variables.has(name)) result.deletes.push(name);
  const all = new Map([...variables, ...[...arrivals.aside].map(([name, { variable }]) => [name, variable] as const)]);
  if (stays !== undefined) {
    for (const name of all.keys()) result.held[name] = stays;
    for (const name of arrivals.definitions.keys()) result.held[name] = stays;
    return;
  }
  const bound = new Set([...all].flatMap(([name, variable]) => (isStill(arrivals, name, variable) ? [] : [name])));
  const shadows = new Set(result.shadows);
  const wanted = (name: string): boolean =>
    !bound.has(name) || order.exposes === '*' || order.exposes.includes(name) || shadows.has(name);
  const texts = [...all.values()].flatMap(({ value }) => (typeof value === 'function' ? [values.textOf(value)] : []));
  const kept = new Map([...all].filter(([name]) => wanted(name) || texts.some((text) => text.includes(name))));
  result.unsaved.push(...[...all.keys()].filter((name) => !kept.has(name)).sort());
  const definitions = new Map([...arrivals.definitions].map(([name, { definition }]) => [name, definition]));
  const dumped = await values.dump(kept, definitions);
  for (const [name, reason] of dumped.unstorable) if (kept.has(name)) result.held[name] = reason;
  holdTogether(result, all, dumped.refs);
  const company = new Map<string, number>();
  for (const { object } of dumped.refs.values()) company.set(object, (company.get(object) ?? 0) + 1);
  for (const [name, ref] of dumped.refs) {
    const isAlone = company.get(ref.object) === 1;
    note(result, { name, ref, arrivals, isBound: bound.has(name), isAlone });
  }
}

function isStill(arrivals: Arrivals, name: string, { kind, value }: Variable): boolean {
  const found = arrivals.variables.get(name) ?? arrivals.aside.get(name);
  return found !== undefined && Object.is(found.variable.value, value) && found.variable.kind === kind;
}

/** What cannot leave may share objects with anything that can change. */
function holdTogether(result: Result, all: ReadonlyMap<string, Variable>, refs: ReadonlyMap<string, ValueRef>): void {
  const [first] = Object.keys(result.held).filter((name) => !name.includes(':'));
  if (first === undefined) return;
  for (const [name, { value }] of all) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') continue;
    result.held[name] ??= `shares objects with ${first}`;
  }
  for (const name of refs.keys()) if (name.startsWith('def:')) result.held[name] ??= `shares objects with ${first}`;
  for (const name of Object.keys(result.held)) {
    const place = result.unsaved.indexOf(name);
    if (place >= 0) result.unsaved.splice(place, 1);
  }
}

interface Noted {
  readonly name: string;
  readonly ref: ValueRef;
  readonly arrivals: Arrivals;
  readonly isBound: boolean;
  /** It shares nothing that can be changed with any other. */
  readonly isAlone: boolean;
}

function note(result: Result, { name, ref, arrivals, isBound, isAlone }: Noted): void {
  if (name in result.held) return;
  const before = (arrivals.variables.get(name) ?? arrivals.aside.get(name) ?? arrivals.definitions.get(name))?.ref;
  const isSame = before !== undefined && (!isBound || name.startsWith('def:')) && before.content === ref.content;
  // What shares something with others has to be found with them, where they are now.
  if (isSame && (isAlone || before.object === ref.object)) return;
  const how = isBound || before === undefined ? 'bind' : 'mutate';
  result.writes[name] = { ref, same: isSame, how };
  // A change reaches it, so what it was has been read.
  if (before !== undefined && how === 'mutate') result.reads[name] ??= before.content;
}
