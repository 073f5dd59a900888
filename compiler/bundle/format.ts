import type { Diagnostic, Range } from './diagnostic.ts';

/** The version of `bundle.json`; a reader refuses any other. */
export const formatVersion = 1;

/** `sha256:` followed by 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** Hidden state of a process that cells share without naming it. */
export type StateName = (typeof stateNames)[number];

/** All of them. */
export const stateNames = [
  'random',
  'numpy.random',
  'torch.random',
  'cwd',
  'environ',
  'sys.path',
  'matplotlib',
  'pandas.options',
  'numpy.options',
  'warnings',
  'decimal',
  'locale',
  'logging',
  'ipython',
  'console',
  'output-history',
  'modules',
] as const;

/** What an edge or a claim speaks of. */
export type Resource =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'state'; readonly name: StateName }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'outside'; readonly reason: OutsideReason };

export type OutsideReason = 'file-write' | 'subprocess' | 'network' | 'unknown';

/** `must`: on every path. `may`: on some path, or assumed for lack of knowledge (`assumed` on the edge). */
export type Certainty = 'must' | 'may';

/** One use of a resource at a place in a task's cell, with the words that `explain` prints. */
export interface Access {
  readonly resource: Resource;
  readonly access: 'read' | 'bind' | 'mutate' | 'delete';
  readonly certainty: Certainty;
  /** True when only the lack of knowledge about a call makes this a mutation. */
  readonly assumed: boolean;
  /** Present and true: a run saw it; the text alone would not say so, or only assume it. */
  readonly observed?: boolean;
  readonly range: Range;
  /** For example `df['x'] = …`, `call of clean(), which reads limit in cell 3`. */
  readonly reason: string;
}

/** An arrow between two tasks; there is none without a reason. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** `data`: `to` reads what `from` wrote. `order`: write after read, hidden state, files, the outside. */
  readonly kind: 'data' | 'order';
  readonly resource: Resource;
  /** True when the edge rests only on an assumed mutation; the scheduler may speculate past it. */
  readonly assumed: boolean;
  /** Present and true: it rests on what a run saw, as the effects profile tells it. */
  readonly observed?: boolean;
  readonly reason: string;
  readonly fromRange: Range;
  readonly toRange: Range;
}

export interface Parameter {
  readonly name: string;
  /** Cell id of the cell tagged `parameters` that binds it last. */
  readonly cell: string;
  readonly range: Range;
  readonly type: 'str' | 'int' | 'float' | 'bool' | 'None' | 'list' | 'dict' | 'unknown';
  /** Python source of the default value. */
  readonly default: string;
  /** It is declared without a value, which has to be given. */
  readonly required?: true;
}

/** Where a cell is to run and what it is given there. No result depends on any of it. */
export interface Placement {
  /** Processors, as a decimal number. */
  readonly cpu?: number;
  /** Bytes of memory that it may use. */
  readonly mem?: number;
  /** Graphics processors. */
  readonly gpu?: number;
  /** So many times more it is tried when it fails. */
  readonly retries?: number;
  /** The container image that an engine runs it in. */
  readonly image?: string;
  /** Environment variables that an engine sets for it; never a secret. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Directives extends Placement {
  readonly label?: string;
  readonly cache: boolean;
  readonly raisesException: boolean;
  readonly skip: boolean;
  readonly gate: boolean;
  readonly timeout?: number;
}

/** A number of the notebook that is recorded after its cell. */
export interface MetricDirective {
  /** A variable; with dots, what is in a dict or an object that it holds: `scores.rmse`. */
  readonly name: string;
  /** Absent: not said, so that only a known name tells. */
  readonly better?: 'higher' | 'lower';
}

/** What a gate computes from recorded numbers. */
export type Formula =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'metric'; readonly name: string }
  /** The same metric in the last accepted run. */
  | { readonly kind: 'previous'; readonly name: string }
  /** A number about the groups of a column: the largest less the smallest, the smallest, the largest. */
  | {
      readonly kind: 'groups';
      readonly take: 'max_gap' | 'group_min' | 'group_max';
      readonly metric: string;
      readonly column: string;
    }
  | { readonly kind: 'call'; readonly name: 'abs' | 'min' | 'max'; readonly of: readonly Formula[] }
  | { readonly kind: 'arithmetic'; readonly operator: '+' | '-' | '*' | '/'; readonly of: readonly Formula[] }
  | { readonly kind: 'negative'; readonly of: Formula }
  /** One operator less than operands: `0 < x < 1`. */
  | {
      readonly kind: 'comparison';
      readonly operators: readonly ('<' | '<=' | '>' | '>=' | '==' | '!=')[];
      readonly of: readonly Formula[];
    }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Formula[] }
  | { readonly kind: 'not'; readonly of: Formula };

/** A condition that must hold for the run to go on. */
export interface GateDirective {
  /** As it is written. */
  readonly condition: string;
  /** Computed from recorded numbers when the task retires; absent: Python evaluates the condition after the cell. */
  readonly formula?: Formula;
}

/** For each group of rows that are equal in a column, the metrics of the cell again. */
export interface SliceDirective {
  readonly columns: readonly string[];
  /** The variable with the frame; absent: the only one that has the columns. */
  readonly of?: string;
}

/** What is recorded and judged after a cell. */
export interface Measures {
  readonly metrics: readonly MetricDirective[];
  readonly gates: readonly GateDirective[];
  readonly slices: readonly SliceDirective[];
}

/** What a cell's source becomes where its language has to be translated before it can run. */
export interface Script {
  /** JavaScript, with imports as calls. */
  readonly text: string;
  /** The mappings of a source map (version 3) from the text to the cell's source. */
  readonly mappings: string;
  /** What it declares at its top. */
  readonly declares: readonly { readonly name: string; readonly how: 'const' | 'let' | 'var' }[];
  /** Properties of the object of all globals that it looks up by name; `'*'` when it may look at all. Absent: none. */
  readonly globals?: readonly string[] | '*';
  /** Modules that it imports, anywhere in it, as it names them; not those whose names are made while it runs. Absent: none. */
  readonly modules?: readonly { readonly specifier: string; readonly range: Range }[];
  /** Present: the text is not that of the cell, and all of it stands for this line, from 0. */
  readonly standsFor?: number;
  /** Present and true: what it imports it closes itself, so that nothing of it is there for later cells, and native code in that opens only files that the text has opened before. */
  readonly isConfined?: true;
  /** Present: the file of which it only looks whether it is there, although it asks to read it. */
  readonly looksFor?: string;
}

/** One code cell as an isolated unit of work. Tasks stand in notebook order. */
export interface Task {
  /** Stable over edits of other cells: the cell's id. */
  readonly id: string;
  /** Readable and unique in the bundle, for example `07_clean`; also the module's file name. */
  readonly name: string;
  /** The cell's place in the notebook, Markdown cells counted, from 0. */
  readonly index: number;
  /** The number Jupyter shows in `In [n]` after Restart & Run All, from 1; 0 for a cell that Jupyter does not execute (empty, or skipped). */
  readonly executionCount: number;
  /** The cell's source as it was, given to IPython unchanged. */
  readonly source: string;
  /** Absent where the language runs as it is written. */
  readonly script?: Script;
  /** Of a cell that the kernel alone does not know (`%%sql` in TypeScript): the same in the language of the notebook, which it could run. */
  readonly lowered?: string;
  /** What goes on when the cell has ended, as far as the text says: timers, promises that nothing waits for. Later cells may see what it does. */
  readonly outlives?: readonly { readonly range: Range; readonly reason: string }[];
  /** Digest of the source without comments and layout, and of what is measured after it; equal digests mean equal behaviour. */
  readonly code: Digest;
  /** Path of the readable module inside the bundle. */
  readonly module: string;
  readonly accesses: readonly Access[];
  /** What the text allows for and no run has seen, as the effects profile tells it. No edge rests on it; whoever runs the task can check it. */
  readonly unobserved?: readonly Access[];
  /** What became of the entry of the effects profile that has this code. */
  readonly profile?: 'used' | 'outdated';
  /** Variables that a later task or any function may read; only these are stored. `'*'` when unknown. */
  readonly exposes: readonly string[] | '*';
  /** Variables loaded before the task starts because their reads cannot be observed (strings, shell lines, `del`, `globals()`). `'*'` for all. */
  readonly preload: readonly string[] | '*';
  /** Import statements that the cell is certain to run, without aliases, in order. */
  readonly imports: readonly string[];
  /** So many of `imports` come before anything else that the cell does: to run them beforehand makes no difference. */
  readonly leadingImports: number;
  readonly directives: Directives;
  /** Absent when nothing is recorded or judged. */
  readonly measures?: Measures;
}

/** What the compiler emits; deterministic, so its digest is its identity. */
export interface Bundle {
  readonly formatVersion: typeof formatVersion;
  readonly notebook: {
    /** Base name of the file. */
    readonly name: string;
    readonly digest: Digest;
    readonly language: string;
    readonly kernelName: string;
  };
  readonly parameters: readonly Parameter[];
  /** Cell id of the first cell tagged `parameters`; absent: there is none. */
  readonly parametersCell?: string;
  readonly tasks: readonly Task[];
  readonly edges: readonly Edge[];
  /** Edges that the text calls for and that are left out of `edges`, because the effects profile says that no run has seen the change. */
  readonly claims?: readonly Edge[];
  /** Builtin names that some cell binds; the worker looks these up as variables first. */
  readonly shadowedBuiltins: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}
