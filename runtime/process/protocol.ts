import type { Script } from '../../compiler/bundle/format.ts';

/**
 * Messages between the scheduler (Node) and worker processes (Python). One JSON object a line, UTF-8, over a Unix socket
 * in a private directory; the first line of each connection is `hello` with the run's token.
 * Values never travel here: workers read and write the store themselves and name objects by reference.
 */

/**
 * A variable's value in the store. Variables that share mutable objects have the same `object` and different `member`. For the name
 * `*`, the list of all variables, there is no object: `member` has the names.
 */
export interface ValueRef {
  /** Store digest of the pickle that holds the group (`sha256:…`). */
  readonly object: string;
  readonly member: string;
  /** Digest of this variable's own content; equal content means equal value. */
  readonly content: string;
}

/** Answer to: what does this name hold before task i? Only a process has a `held` value; an `unsaved` one nobody has. */
export type Binding =
  /** `shown`: a cell has given the very object as its result. */
  | { readonly kind: 'value'; readonly ref: ValueRef; readonly shown?: boolean }
  | { readonly kind: 'absent' | 'held' | 'unsaved' };

/** What a warm parent does further than the one it was forked from. */
export interface ImportStep {
  /** Hidden state that imports depend on, put in place before. */
  readonly state: Readonly<Record<string, ValueRef>>;
  /** Import statements. */
  readonly imports: readonly string[];
  /** True: the cell of the task itself is going to run these, so what shows something is left to it. False: earlier cells have. */
  readonly ahead: boolean;
}

/** Texts of the first cells of those that the process was started with, so that no message has what is known. */
export interface InputHistory {
  /** How many. */
  readonly count: number;
  /** What has another text, by its place from 0, in order; a place after the last that is known adds a cell. */
  readonly others: readonly (readonly [number, string])[];
}

export type ToWorker =
  /** To a warm parent: fork a child for an attempt; the child connects on its own. */
  | { readonly type: 'fork'; readonly attempt: string }
  /** To a warm parent: fork another parent, which takes these steps first; it connects on its own. */
  | { readonly type: 'stage'; readonly stage: string; readonly steps: readonly ImportStep[] }
  | {
      readonly type: 'run';
      readonly attempt: string;
      readonly task: string;
      readonly source: string;
      /** What runs in place of the source, where the language has to be translated. */
      readonly script?: Script;
      readonly executionCount: number;
      /** Sources of executed cells before this one, for `In`. */
      readonly inputHistory: InputHistory;
      /** Import statements that earlier tasks ran and the process may not have; they run unseen. */
      readonly imports: readonly string[];
      /** Import statements of the cell that the processes of later tasks will have run. */
      readonly certainImports: readonly string[];
      /** Names to load before the start, with their values; implicit names (state:…, slot:…, def:…) included. */
      readonly preload: Readonly<Record<string, Binding>>;
      /** Variables to store when bound or changed; `'*'` for all. */
      readonly exposes: readonly string[] | '*';
      /** Names of builtins that are variables, or may be: they are looked for among the variables first. */
      readonly shadowedBuiltins: readonly string[];
      /** For the head: every variable that can be asked for. A forked child cannot ask, so they are loaded before a fork. */
      readonly variables: readonly string[];
      /** True when every earlier task is retired: effects on the outside need no permission. */
      readonly head: boolean;
      /** Present and true: not only the first effect on the outside is asked for, but each that Python itself tells of. */
      readonly asksEach?: true;
      /** In a holder: names whose process-local value is still the right one; all others are dropped. */
      readonly keep: readonly string[];
      readonly allowErrors: boolean;
      /** Seconds that the cell may run; what it waits for values or for its turn does not count. */
      readonly timeout?: number;
      /** Absent when nothing is recorded or judged. */
      readonly measures?: AskedMeasures;
      /** All cells in one process: nothing is dropped, loaded or stored, and what is observed is told once, for all of them. */
      readonly lane?: boolean;
    }
  | { readonly type: 'binding'; readonly name: string; readonly binding: Binding }
  /**
   * To a warm parent: the run is over; wait that long for the next one, which comes to the socket `door` with the token. Meanwhile
   * parents are made that have taken further steps, each forked from the one before, and wait as well.
   */
  | {
      readonly type: 'stand-by';
      readonly door: string;
      readonly token: string;
      readonly seconds: number;
      readonly next: readonly { readonly stage: string; readonly door: string; readonly step: ImportStep }[];
    }
  /** With every variable that can be asked for. */
  | { readonly type: 'permit'; readonly variables: readonly string[] }
  /** To the process of all cells, after the last: do what is to be done at its end, and tell what was observed from the first on. */
  | { readonly type: 'conclude' }
  | { readonly type: 'exit' };

/** The first message of every connection. */
interface Hello {
  readonly type: 'hello';
  readonly token: string;
  readonly role: 'parent' | 'attempt';
  readonly attempt?: string;
  readonly pid: number;
  readonly stage?: string;
  /** Of a warm parent on another machine. */
  readonly grounds?: ImportGrounds;
}

/** What the imports of a warm parent rest on besides installed packages. */
export interface ImportGrounds {
  /** Path, kind of question, answer, and for what is in a file its digest. */
  readonly marks: readonly (readonly [string, FileRead['kind'], string, string])[];
  /** By folder of the search path: names in it that could be modules. */
  readonly names: Readonly<Record<string, readonly string[]>>;
  /** First names of the modules that are loaded, and of those that libraries have looked for. */
  readonly wanted: readonly string[];
}

/** From a warm parent. */
export type FromParent =
  | Hello
  /** The steps of this stage would do nothing; the parent serves as that stage itself. */
  | { readonly type: 'stage-same'; readonly stage: string }
  /** The process of this stage died while it imported. */
  | { readonly type: 'stage-lost'; readonly stage: string }
  /** Its door is open. A parent that cannot wait ends instead. */
  | { readonly type: 'standing-by'; readonly stage: string };

/** What the next run says at the door of a warm parent: what it is to work for, or that it is to end. */
export type AtDoor =
  | {
      readonly type: 'work';
      readonly socket: string;
      readonly token: string;
      readonly journal: string;
      readonly cells: readonly (readonly [number, string, string])[];
      /** Variables of the terminal's window, which may be another one. */
      readonly terminal: Readonly<Record<string, string>>;
      /** What random generators begin with, in place of what they had in the run before. */
      readonly entropy: string;
    }
  | { readonly type: 'exit' };

/** From the process of an attempt. */
export type FromAttempt =
  | Hello
  /** `companion`: the name is not read; whether it still shares an object with one that is must be known. The name `*` is the list of all variables. */
  | { readonly type: 'need'; readonly name: string; readonly companion: boolean }
  /** About to act on the outside, after having read this; blocks until `permit`. */
  | {
      readonly type: 'effect';
      readonly reason: string;
      readonly detail: string;
      readonly reads: AttemptResult['reads'];
      readonly shadowed: AttemptResult['shadowed'];
      readonly filesRead: AttemptResult['filesRead'];
    }
  | { readonly type: 'output'; readonly output: OutputMessage }
  /** Of a cell with a limit of time: it runs or waits, it was interrupted, or it has ended, after so many seconds of its own. */
  | ClockMessage
  | { readonly type: 'done'; readonly result: AttemptResult }
  | { readonly type: 'concluded'; readonly observed: LaneObservation }
  /** The cell did what only gives the right result where all cells share a process. */
  | { readonly type: 'one-process'; readonly reason: string }
  /** A stored object is not what its name says, or is not there. */
  | { readonly type: 'damaged'; readonly object: string }
  /** The worker itself failed; a fault of ours. */
  | { readonly type: 'broken'; readonly traceback: string };

export interface ClockMessage {
  readonly type: 'clock';
  readonly state: 'runs' | 'waits' | 'interrupted' | 'ends';
  readonly spent: number;
}

export type MimeBundle = Readonly<Record<string, unknown>>;

export type OutputMessage =
  | { readonly kind: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'display'; readonly data: MimeBundle; readonly metadata: MimeBundle; readonly displayId?: string }
  | {
      readonly kind: 'update-display';
      readonly data: MimeBundle;
      readonly metadata: MimeBundle;
      readonly displayId: string;
    }
  | { readonly kind: 'result'; readonly data: MimeBundle; readonly metadata: MimeBundle }
  | { readonly kind: 'clear'; readonly wait: boolean }
  | { readonly kind: 'error'; readonly ename: string; readonly evalue: string; readonly traceback: readonly string[] };

/** What a cell asked of a path: what is in the file, its times, whether it is there at all, the names in a folder … */
export interface FileRead {
  readonly path: string;
  readonly kind: 'content' | 'stat' | 'lstat' | 'type' | 'link' | 'access' | 'listing' | 'entries' | 'distributions';
  /** The answer when it was first asked, as `marks.py` and `marks.ts` write it; `missing` when there was none. */
  readonly signature: string;
  /** Of a file that was read on another machine: sha256 of what was in it; empty when that is not known. The scheduler keeps none. */
  readonly digest?: string;
}

/** A request to a server, and what the server said of its answer. */
export interface WebRequest {
  /** Without the values of its query, names and passwords; `//host:port` where a library spoke in its own way. */
  readonly url: string;
  /** `GET` …; empty where a library spoke in its own way. */
  readonly method: string;
  readonly status?: number;
  readonly etag?: string;
  readonly lastModified?: string;
  /** A version that a store of objects gave, after the name of its header. */
  readonly version?: string;
  /** As the server announced it, in bytes. */
  readonly size?: number;
}

/** Which installed packages a process has reached since its interpreter started, as `reached.py` tells it. */
export interface ReachedPackages {
  /** Why all of them count; empty while not all do. */
  readonly everything: string;
  /** Folders of packages, with the names that were looked for in them. */
  readonly entries: readonly (readonly [string, string])[];
  /** Distributions whose metadata was asked for. */
  readonly names: readonly string[];
  /** Groups of entry points that were asked for. */
  readonly groups: readonly string[];
}

/** What an attempt observed. Names are variables, `def:ID` (classes and functions), `state:NAME` and `slot:MODULE:ATTRIBUTE`; among the reads also `shown:VARIABLE`. */
export interface AttemptResult {
  readonly status: 'ok' | 'error';
  /** Every name that was loaded or asked for, with the content digest it had (`absent` when it did not exist). */
  readonly reads: Readonly<Record<string, string>>;
  /** New values; `same` when only the group changed and the content is as before. */
  readonly writes: Readonly<
    Record<string, { readonly ref: ValueRef; readonly same: boolean; readonly how: 'bind' | 'mutate' }>
  >;
  /** Names of builtins that were looked for among the variables first; reads of other builtins were not seen. */
  readonly shadowed: readonly string[];
  /** Variables whose object the cell gave as its result: `Out` keeps it alive, whatever becomes of the variable. */
  readonly shown: readonly string[];
  /** Names of builtins that are variables after the task. */
  readonly shadows: readonly string[];
  readonly deletes: readonly string[];
  /** Bound or changed, but it cannot leave the process; why. */
  readonly held: Readonly<Record<string, string>>;
  /** Bound, but not stored because nobody was expected to read it. */
  readonly unsaved: readonly string[];
  readonly filesRead: readonly FileRead[];
  /** Environment variables that were read, `*` for all, with the digest of what they were at the start, or `absent`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Installed packages that the process reached, or looked for in vain. */
  readonly packages: ReachedPackages;
  readonly filesWritten: readonly string[];
  /** Effects on the outside that took place: subprocess, network, file-write; open-file: a file could be written to without opening it. */
  readonly outside: readonly string[];
  /** What was asked of the web. */
  readonly requests: readonly WebRequest[];
  /** Digests of the cells' sources that warnings, tracebacks or `inspect` looked at. */
  readonly sources: readonly string[];
  /** Modules imported that the process did not have, but for those of import statements that are certain to run. */
  readonly imported: readonly string[];
  readonly seconds: number;
  /** Processor time of the cell, user and system, with that of its children which have ended. */
  readonly cpuSeconds: number;
  /** The largest size of the process so far, in bytes. */
  readonly peakMemory: number;
  /** Absent when nothing was asked for, or the cell raised and is no gate. */
  readonly measured?: Measured;
}

/** What a worker is to record and to evaluate after the cell. */
export interface AskedMeasures {
  /** Whether its errors and its result may be the verdict of a gate. */
  readonly isGate: boolean;
  readonly metrics: readonly string[];
  /** Conditions that Python evaluates. */
  readonly conditions: readonly string[];
  readonly slices: readonly { readonly columns: readonly string[]; readonly of?: string }[];
}

/** A number; one that is not finite has no other way through JSON. */
export type Measure = number | 'NaN' | 'Infinity' | '-Infinity';

/** A metric of each group of rows that are equal in a column, the largest group first. */
export interface Slice {
  readonly metric: string;
  readonly column: string;
  /** The variable with the frame. */
  readonly of: string;
  readonly groups: readonly {
    readonly group: string;
    readonly rows: number;
    /** Null when it is not defined for the group; why. */
    readonly value: Measure | null;
    readonly why?: string;
  }[];
  /** How many smaller groups were left out. */
  readonly left: number;
}

/** What was recorded and evaluated after a cell. */
export interface Measured {
  readonly metrics: Readonly<Record<string, Measure>>;
  /** Names that are no number, and what they are. */
  readonly unmeasured: Readonly<Record<string, string>>;
  readonly conditions: readonly {
    readonly condition: string;
    readonly holds: boolean;
    /** What was seen on both sides of comparisons, as text for people. */
    readonly values: Readonly<Record<string, string>>;
    /** Why it could not be evaluated. */
    readonly error?: string;
  }[];
  readonly slices: readonly Slice[];
  readonly unsliced: readonly { readonly columns: readonly string[]; readonly why: string }[];
  /** The cell of a gate says no: its assertion failed, a schema does not fit, its result is no success. */
  readonly stopped?: {
    /** Empty when it is not known. */
    readonly condition: string;
    readonly values: Readonly<Record<string, string>>;
    readonly why: string;
  };
}

/** What all cells of one process together depended on and did to the outside: what one of them wrote is no input of another. */
export type LaneObservation = Pick<
  AttemptResult,
  'filesRead' | 'variables' | 'packages' | 'filesWritten' | 'outside' | 'requests'
>;
