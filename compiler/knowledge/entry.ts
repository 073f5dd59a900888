import type { StateName } from '../bundle/format.ts';

/** An argument of a call, by its place, its keyword, or both. */
export interface Argument {
  readonly position?: number;
  readonly keyword?: string;
}

/** One thing that a call does beside giving a result. */
export type LibraryEffect =
  /** `onlyIf`: a keyword that must be true for it, such as `inplace`. */
  | { readonly kind: 'changes-receiver'; readonly onlyIf?: string }
  | { readonly kind: 'changes-argument'; readonly argument: Argument }
  /** `unless`: a keyword of the call, or of the call that made the receiver, with which it does not: `random_state`. */
  | { readonly kind: 'state'; readonly state: StateName; readonly access: 'read' | 'write'; readonly unless?: string }
  /** `open`: the mode says whether it reads or writes. */
  | { readonly kind: 'file'; readonly access: 'read' | 'write' | 'open'; readonly argument: Argument | 'receiver' }
  | { readonly kind: 'outside'; readonly outside: 'subprocess' | 'network' }
  /** Text among its arguments names variables, and the library reads them where that cannot be observed. */
  | { readonly kind: 'names-in-text' }
  /** Runs its text as code, and what that reads can be observed: an expression, whose names are those in the text, or anything. */
  | { readonly kind: 'runs-text'; readonly expression: boolean }
  /** Runs its text as a cell. */
  | { readonly kind: 'runs-cell' }
  /** `bare`: only without an argument. */
  | { readonly kind: 'every-variable'; readonly bare: boolean };

/** What a call, an attribute or an item gives. */
export interface Gives {
  /** One of these; empty when it is not known. */
  readonly types: readonly string[];
  /** `part`: a change of the result changes the receiver too. `fresh`: it does not, where a part would be expected. */
  readonly sharing?: 'part' | 'fresh';
  /** Several results, by position; `joined` when they share what can change. */
  readonly tuple?: readonly (readonly string[])[];
  readonly joined?: boolean;
  /**
   * What follows from the call itself: the receiver; an object of the first argument's type; two of each argument's type; what is in
   * the arguments, as it is, numbered or in pairs.
   */
  readonly special?: 'receiver' | 'copy' | 'halves' | 'elements' | 'numbered' | 'paired';
}

/** What is known of a function, a method, an attribute or an item. */
export interface Entry {
  readonly effects: readonly LibraryEffect[];
  readonly gives: Gives;
}

/** Names of entries by what they do and give, in the words of the tables: `"nothing -> DataFrame": "head tail"`. */
export type Rows = Readonly<Record<string, string>>;

/** What is known of the objects of a type. */
export interface TypeTable {
  /** Another type, whose methods, attributes and items it has too. */
  readonly like?: string;
  /** What it lacks of those. */
  readonly without?: string;
  readonly immutable?: true;
  /** The object is hidden state itself. */
  readonly state?: StateName;
  /** In an expression with an operator the operand with the highest rank gives the type. */
  readonly arithmetic?: number;
  /** What iterating gives, and what an attribute without an entry is. */
  readonly elements?: string;
  readonly otherwise?: string;
  readonly methods?: Rows;
  readonly attributes?: Rows;
  /** By the key: `text`, `list`, `slice`, `tuple`, `other`. */
  readonly items?: Rows;
}

/** Everything that the YAML files of a language say, joined. */
export interface Tables {
  /** Functions and classes, by the dotted path of their module. */
  readonly modules: Readonly<Record<string, Rows>>;
  /** Values of modules that are not called, such as `os.environ`, by the dotted path of their module. */
  readonly values: Readonly<Record<string, Rows>>;
  /** Modules that hold the members of others under another path, with those. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, TypeTable>>;
  readonly magics: Rows;
  /** Names that are there without an import. */
  readonly builtinNames: string;
  /** Line magics and aliases that IPython runs without `%`. */
  readonly automagics: string;
  /** The type of what a function gives that gives nothing. */
  readonly nothing: string;
}
