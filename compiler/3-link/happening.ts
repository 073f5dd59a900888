import type { Range } from '../bundle/diagnostic.ts';
import type { Certainty, OutsideReason, StateName } from '../bundle/format.ts';

/** What a call or an assignment into an object comes to, once it is known what the names in it hold. */
export type Happening = {
  readonly range: Range;
  readonly certainty: Certainty;
  readonly reason: string;
} & (
  | { readonly kind: 'change'; readonly name: string; readonly assumed: boolean }
  /** Of a function that is called. */
  | { readonly kind: 'read' | 'bind'; readonly name: string }
  | { readonly kind: 'state'; readonly state: StateName; readonly access: 'read' | 'write' }
  | { readonly kind: 'outside'; readonly outside: OutsideReason }
  | { readonly kind: 'file'; readonly path: string; readonly access: 'read' | 'write' }
  /** Variables that are read where it cannot be observed. */
  | { readonly kind: 'unobservable'; readonly names: readonly string[] }
  /** Every variable may be read and changed; assumed when only the text that is run is not known, since what it does is observed. */
  | { readonly kind: 'everything'; readonly assumed: boolean }
  /** A call of what is not known: it may be any function of the notebook. */
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'star'; readonly module: string }
);

/** The part of a happening that says where and why. */
export type Place = Pick<Happening, 'range' | 'certainty' | 'reason'>;

/** What happens in a body, each thing once: where it happens first. */
export class Happenings {
  readonly #first = new Map<string, Happening>();

  add(happening: Happening): void {
    const key = saying(happening);
    if (!this.#first.has(key)) this.#first.set(key, happening);
  }

  list(): readonly Happening[] {
    return [...this.#first.values()];
  }
}

function saying(happening: Happening): string {
  switch (happening.kind) {
    case 'change':
      return `change ${happening.name} ${happening.assumed}`;
    case 'read':
    case 'bind':
      return `${happening.kind} ${happening.name}`;
    case 'state':
      return `state ${happening.access} ${happening.state}`;
    case 'outside':
      return `outside ${happening.outside}`;
    case 'file':
      return `file ${happening.access} ${happening.path}`;
    case 'unobservable':
      return `unobservable ${happening.names.join(' ')}`;
    case 'everything':
      return `everything ${happening.assumed}`;
    case 'star':
      return `star ${happening.module}`;
    case 'unresolved':
      return 'unresolved';
  }
}
