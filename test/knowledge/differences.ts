import type { Gives, LibraryEffect } from '../../compiler/knowledge/entry.ts';

/** An entry of a table with the calls that show what it says. */
export interface TestedEntry {
  readonly id: string;
  readonly kind: string;
  readonly does: string;
  readonly effects: readonly LibraryEffect[];
  readonly gives: Gives;
  readonly examples: readonly string[];
  readonly classes: { readonly types: readonly string[]; readonly tuple: readonly (readonly string[])[] };
}

/** What one example call did. */
export interface Observation {
  readonly changes: readonly string[];
  readonly states: readonly string[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly outside: readonly string[];
  readonly result: string;
  readonly fits: boolean;
  readonly ran: boolean;
  readonly sees: boolean;
  readonly 'is receiver'?: boolean;
  readonly shares?: boolean;
  readonly halves?: boolean;
  readonly 'like argument'?: boolean;
  readonly 'parts fit'?: boolean;
  readonly joined?: boolean;
}

/** What the example calls of one entry did. */
export interface Answer {
  readonly missing?: string;
  readonly error?: string;
  readonly examples: readonly Observation[];
  readonly with: Readonly<Record<string, Observation>>;
  readonly without: Readonly<Record<string, Observation>>;
  readonly depends: Readonly<Record<string, boolean>>;
  readonly names?: boolean;
}

/** What an entry says that its examples do not show, and what they show that it does not say; empty when it is right. */
export function differences(entry: TestedEntry, answer: Answer | undefined): readonly string[] {
  if (entry.examples.length === 0) return ['it has no example'];
  if (answer === undefined) return ['nobody asked'];
  if (answer.missing !== undefined) return [];
  if (answer.error !== undefined) return [answer.error];
  const claimed = claims(entry, answer);
  const problems = [...claimed.problems];
  for (const told of answer.examples) {
    const beyond = (what: readonly string[], allowed: ReadonlySet<string>, verb: string): void => {
      for (const item of what) if (!allowed.has(item)) problems.push(`it ${verb} ${item}, which it does not say`);
    };
    beyond(told.changes, claimed.changes, 'changes');
    beyond(told.states, claimed.states, 'writes');
    beyond(told.outside, claimed.outside, 'reaches a');
    if (!claimed.reads) beyond(told.reads, new Set(), 'reads');
    // A file that is open is written to by changing the object that has it.
    const isOpen = entry.id.startsWith('file, methods: ');
    if (!claimed.writes && !isOpen) beyond(told.writes, new Set(), 'writes');
    if (told.ran && !claimed.runs) problems.push('it runs text, which it does not say');
    problems.push(...resultProblems(entry, told));
  }
  return [...new Set(problems)];
}

interface Claims {
  readonly problems: string[];
  readonly changes: Set<string>;
  readonly states: Set<string>;
  readonly outside: Set<string>;
  reads: boolean;
  writes: boolean;
  runs: boolean;
}

function claims(entry: TestedEntry, answer: Answer): Claims {
  const claimed: Claims = {
    problems: [],
    changes: new Set(),
    states: new Set(),
    outside: new Set(),
    reads: false,
    writes: false,
    runs: false,
  };
  const some = (holds: (told: Observation) => boolean): boolean => answer.examples.some(holds);
  const need = (holds: boolean, problem: string): void => {
    if (!holds) claimed.problems.push(problem);
  };
  const writesState = (name: string): boolean =>
    entry.effects.some((effect) => effect.kind === 'state' && effect.access === 'write' && effect.state === name);
  for (const effect of entry.effects) {
    switch (effect.kind) {
      case 'changes-receiver': {
        const { onlyIf } = effect;
        if (onlyIf === undefined) claimed.changes.add('receiver');
        const shown = onlyIf === undefined ? answer.examples : [answer.with[onlyIf]];
        need(
          shown.some((told) => told?.changes.includes('receiver') === true),
          'no example changes the receiver',
        );
        break;
      }
      case 'changes-argument': {
        const { position, keyword } = effect.argument;
        const names = [position, keyword].filter((name) => name !== undefined).map((name) => `argument ${name}`);
        for (const name of names) claimed.changes.add(name);
        need(
          some((told) => names.some((name) => told.changes.includes(name))),
          `no example changes ${names.join()}`,
        );
        break;
      }
      case 'state':
        // A draw changes what it depends on; what only depends must give something else for another state.
        if (effect.access === 'read') {
          need(writesState(effect.state) || answer.depends[effect.state] === true, `no example needs ${effect.state}`);
          break;
        }
        claimed.states.add(effect.state);
        need(
          some((told) => told.states.includes(effect.state)),
          `no example writes ${effect.state}`,
        );
        if (effect.unless !== undefined) {
          const still = answer.without[effect.unless]?.states.includes(effect.state) !== false;
          need(!still, `it writes ${effect.state} with ${effect.unless}, too`);
        }
        break;
      case 'file':
        claimed.reads ||= effect.access !== 'write';
        claimed.writes ||= effect.access !== 'read';
        if (effect.access !== 'write')
          need(
            some((told) => told.reads.length > 0),
            'no example reads a file',
          );
        if (effect.access !== 'read')
          need(
            some((told) => told.writes.length > 0),
            'no example writes a file',
          );
        break;
      case 'outside': {
        const event = effect.outside === 'subprocess' ? 'program' : 'network';
        claimed.outside.add(event);
        need(
          some((told) => told.outside.includes(event)),
          `no example reaches a ${event}`,
        );
        break;
      }
      case 'names-in-text':
        claimed.runs = true;
        need(answer.names === true, 'no example needs a variable that its text names');
        break;
      case 'runs-text':
        claimed.runs = true;
        if (effect.expression) need(answer.names === true, 'no example needs a variable that its text names');
        need(
          some((told) => told.ran),
          'no example runs its text',
        );
        break;
      case 'runs-cell':
        claimed.runs = true;
        need(
          some((told) => told.ran),
          'no example runs its text',
        );
        break;
      case 'every-variable':
        need(
          some((told) => told.sees),
          'no example gives the variables',
        );
    }
  }
  return claimed;
}

function resultProblems({ gives, classes }: TestedEntry, told: Observation): readonly string[] {
  const problems: string[] = [];
  const need = (holds: boolean | undefined, problem: string): void => {
    if (holds !== true) problems.push(problem);
  };
  need(told.fits, `it gives ${told.result}, not ${classes.types.join(' or ')}`);
  if (gives.special === 'receiver') need(told['is receiver'], 'it does not give the receiver');
  if (gives.special === 'copy') need(told['like argument'], 'what it gives is of another type than its argument');
  if (gives.special === 'halves') need(told.halves, 'it does not give two of each argument');
  if (gives.sharing === 'part') need(told.shares, 'what it gives shares nothing with the receiver');
  if (gives.tuple !== undefined) need(told['parts fit'], 'its results are not those of the table');
  if (gives.joined === true) need(told.joined, 'its results share nothing');
  return problems;
}
