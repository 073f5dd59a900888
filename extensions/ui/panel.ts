/** The door of the view: what an editor gives it, and what it gives an editor. */
import type { Diagnostic, Range } from '../../compiler/bundle/diagnostic.ts';
import type { Method, Notification, ParamsOf, ResultOf } from '../service/protocol.ts';
import { PanelController } from './panel-controller.ts';

/** A way to the service. What it refuses rejects with a {@link ServiceRefusal}. */
export interface ServiceConnection {
  request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  /** Calls back for everything that the service says by itself; returns what ends that. */
  onNotification(listener: (notification: Notification) => void): () => void;
  /** Calls back when the connection is lost (`false`) and when it is there again (`true`). */
  onConnected?(listener: (connected: boolean) => void): () => void;
}

/** What the compiler's thread loads. */
export interface CompilerFiles {
  /** The WebAssembly files: where they are, or what is in them. */
  readonly runtimeWasm: URL | ArrayBuffer;
  readonly languageWasm: URL | ArrayBuffer;
  /**
   * An address from which the thread may import `typescript.mjs`. Asked for when the first notebook in TypeScript or JavaScript is
   * there, and only then; absent where the thread finds the file beside itself.
   */
  readonly typescript?: () => Promise<URL>;
}

/** What the view remembers of how somebody looks at a notebook. */
export interface ViewSettings {
  readonly shape: 'rail' | 'layers';
  /** Headings that are folded, by their text and place. */
  readonly folded: readonly string[];
  /** How large the graph is; 1 is its own size, 0 as large as fits. */
  readonly zoom: number;
}

/** What an editor gives the view. */
export interface PanelHost {
  /** Undefined where there is no server: graph and diagnostics work all the same. */
  readonly service: ServiceConnection | undefined;
  /** Undefined for a notebook that was never saved. May change: it is read at every use. */
  readonly notebookPath: string | undefined;
  /** Of `compile-worker.ts`. */
  readonly createWorker: () => Worker;
  readonly compilerFiles: CompilerFiles;
  /** True where runs are not allowed, as in a workspace that is not trusted, with the reason for people. */
  readonly runsRefused?: string | undefined;
  /** Arguments that every run gets, such as `['--python', '/path']`. */
  readonly runArguments?: () => readonly string[];
  /** Shows and selects a cell, and a place in it. */
  goTo(cellId: string, range?: Range): void;
  /** Marks cells in the notebook while a task is hovered or focused; [] takes the marks away. */
  highlight(cellIds: readonly string[]): void;
  /** Saves the notebook before a run; false: the person said no, or it could not be saved. */
  beforeRun(): Promise<boolean>;
  /** Shows a file that a run or a command wrote. */
  open(what: OpenRequest): void;
  /** Applies an edit of a remedy to the open notebook; absent where the notebook cannot be edited. */
  applyEdit?(edit: CellEdit): void;
  saveSettings(settings: ViewSettings): void;
  loadSettings(): ViewSettings | undefined;
}

export interface OpenRequest {
  readonly kind: 'report' | 'notebook';
  readonly path: string;
  /** Text of the report, which has no program and asks for nothing; absent for a notebook. */
  readonly html?: string;
  /** Id of the cell to show. */
  readonly cell?: string;
}

/** What a cell is, at this moment. */
export type CellStateName =
  | 'unknown'
  | 'will-run'
  | 'cached'
  | 'running'
  | 'done'
  | 'failed'
  | 'gated'
  | 'fused'
  | 'not-run'
  | 'unused'
  | 'stale'
  | 'refused';

/** Another task that a task needs, or that needs it, and why. */
export interface Need {
  /** Cell id of the other task. */
  readonly cell: string;
  readonly label: string;
  readonly kind: 'data' | 'order';
  /** It rests only on what is not known of a call. */
  readonly assumed: boolean;
  /** It carries a module, which is the same in every process. */
  readonly isImport: boolean;
  /** What it carries: names, hidden state, files. */
  readonly carries: readonly string[];
  /** A reason for each, in the words of the source. */
  readonly reasons: readonly string[];
  /** Where the other cell makes it, and where this one uses it. */
  readonly from: Range;
  readonly to: Range;
}

/** Replaces a part of a cell's source; `range` undefined: text that is put before the first line. */
export interface CellEdit {
  readonly cell: string;
  readonly range?: Range;
  readonly newText: string;
  /** The source that the edit was made for; it does not fit another one. */
  readonly source: string;
}

/** Something that a person can do about a diagnostic with one click. */
export interface Remedy {
  readonly title: string;
  readonly edit: CellEdit;
}

/** A diagnostic at a cell: what, why, what to do. */
export interface CellDiagnostic extends Diagnostic {
  /** Of the run that said it; undefined: the compiler did. */
  readonly run?: string;
  readonly remedies: readonly Remedy[];
}

/** Everything that is known of one code cell. */
export interface CellState {
  readonly cell: string;
  /** Its place in the notebook from 0, Markdown cells counted. */
  readonly index: number;
  /** Readable and unique, for example `07_clean`. */
  readonly task: string;
  /** The same without its number, or the label that its directive gives. */
  readonly label: string;
  /** The number in `In [n]`; 0 for a cell that is not executed. */
  readonly number: number;
  readonly state: CellStateName;
  readonly letter: string;
  /** The state in words, for example `will run`. */
  readonly words: string;
  /** Why it is in that state: which part of its key differs, why it was thrown away, which run it is reused from. */
  readonly why: string;
  /** The text that this speaks of; a host compares it with the cell's own. */
  readonly source: string;
  /** Digest of what the cell does; equal digests behave the same. */
  readonly code: string;
  /** True when the cell was edited since it last ran, or since what is said of it was found out. */
  readonly stale: boolean;
  readonly reads: readonly Need[];
  readonly writes: readonly Need[];
  /** Names that it binds or changes, without those that only imports bind. */
  readonly makes: readonly string[];
  readonly uses: readonly string[];
  readonly diagnostics: readonly CellDiagnostic[];
  /** Of its last attempt or result; undefined when it is not known. */
  readonly seconds: number | undefined;
  /** The largest size of its process, in bytes. */
  readonly memory: number | undefined;
  /** The run whose result is used, or would be. */
  readonly from: string | undefined;
}

/** The states of all code cells, which change as the notebook is edited and runs go on. */
export interface CellStates {
  /** In notebook order. */
  all(): readonly CellState[];
  get(cellId: string): CellState | undefined;
  /** Diagnostics that are of no cell: the file cannot be read, no interpreter was found. */
  general(): readonly CellDiagnostic[];
  onChange(listener: () => void): () => void;
}

/** What a run is asked for. */
export interface RunRequest {
  /** Only this cell, with its inputs from the cache. */
  readonly only?: string;
  /** Up to this cell. */
  readonly until?: string;
  /** Further arguments of `cellwright run`. */
  readonly arguments?: readonly string[];
}

export type PanelActivity = 'idle' | 'starting' | 'running' | 'stopping';

/** The view of one notebook. */
export interface Panel {
  /**
   * The notebook as it is now, saved or not. A newer text supersedes an older one; the graph follows when no text came for a moment.
   * @param name base name of the file; `.py` means percent format
   */
  setNotebook(text: string, name?: string): void;
  /** Tells that the notebook was saved, so that what would be reused is asked again. */
  notebookSaved(): void;
  /** The cell that is selected in the editor. */
  selectCell(cellId: string | undefined): void;
  readonly cells: CellStates;
  readonly activity: PanelActivity;
  /** The run that is shown. */
  readonly run: string | undefined;
  onActivity(listener: () => void): () => void;
  /** Starts a run; false when it did not start, which the view says. */
  start(request?: RunRequest): Promise<boolean>;
  stop(): Promise<void>;
  /** Shows a run that was started elsewhere: by a command of the editor, in another window. */
  follow(run: string): void;
  /** Runs one cell with its inputs from the cache, making those that are not there. */
  runCell(cellId: string): Promise<boolean>;
  /** Writes a notebook that opens at the cell with its inputs, and lets the host open it. */
  debugCell(cellId: string): Promise<void>;
  /** Shows the report of the run that is shown. */
  openReport(): Promise<void>;
  focus(): void;
  dispose(): void;
}

/** Draws the view into an element and keeps it up to date until it is disposed of. */
export function mountPanel(element: HTMLElement, host: PanelHost): Panel {
  return new PanelController(element, host);
}
