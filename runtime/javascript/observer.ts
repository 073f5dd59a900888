import { readlinkSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { markOf } from '../marks.ts';
import type {
  AttemptResult,
  FileRead,
  FromAttempt,
  LaneObservation,
  ToWorker,
  WebRequest,
} from '../process/protocol.ts';
import { nothingReached } from '../nothing-observed.ts';
import { digestOfVariable } from '../start-state.ts';
import { isFileError } from '../store/local.ts';
import type { Variables } from '../variables.ts';
import type { Journal } from './journal.ts';
import { openForWriting } from './open-files.ts';

/** What a process is about to do. */
export interface Doing {
  readonly pid: number;
  readonly permission: string;
  /** A path, the name of a variable, an address …; null for all of them. */
  readonly value: string | null;
}

interface Around {
  readonly cwd: string;
  readonly variables: Variables;
  readonly journal: Journal;
  /** Folders in which the process itself reads and writes. */
  readonly own: readonly string[];
  readonly say: (message: FromAttempt) => void;
}

/** A process asks for these variables to tell that what follows is its own doing, or its cell's again. */
const asideMark = 'CELLWRIGHT_ASIDE';
const watchedMark = 'CELLWRIGHT_WATCHED';
const leftOut = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** Sees what a process does to the world outside it, before it is done, and lets it wait where it is not its turn. */
export class Observer {
  readonly #around: Around;
  #isAside = true;
  #isLane = false;
  #isConfined = false;
  #looksFor: string | undefined;
  #mayAct = false;
  /** What acts on the outside is asked for each time. */
  #asksEach = false;
  #reads: Record<string, string> = {};
  #shadowed: readonly string[] = [];
  readonly #files = new Map<string, FileRead>();
  readonly #written = new Set<string>();
  readonly #outside = new Set<string>();
  readonly #variables = new Map<string, string>();
  readonly #requests = new Map<string, WebRequest>();
  #waiting: (() => void)[] = [];
  /** Of the program itself, which another may have started. */
  #pid: number | undefined;

  constructor(around: Around) {
    this.#around = around;
  }

  /** The process is given work. */
  begin(order: Extract<ToWorker, { type: 'run' }>): void {
    this.#mayAct = order.head;
    this.#asksEach = order.asksEach === true;
    this.#isConfined = order.script?.isConfined === true;
    // In a process of all cells, one of an earlier cell may be read meanwhile.
    this.#looksFor = order.lane === true ? undefined : order.script?.looksFor;
    const isFirst = !this.#isLane;
    this.#isLane = order.lane === true;
    this.#shadowed = order.shadowedBuiltins;
    this.#reads = {};
    for (const [name, binding] of Object.entries(order.preload))
      if (binding.kind === 'value') this.#reads[name] = binding.ref.content;
    if (this.#isLane && !isFirst) return;
    for (const seen of [this.#files, this.#written, this.#outside, this.#variables, this.#requests]) seen.clear();
    if (this.#holdsFilesOpen()) this.#outside.add('open-file');
  }

  /** The process has been told what a name holds. */
  told(order: Extract<ToWorker, { type: 'binding' }>): void {
    const { name, binding } = order;
    this.#reads[name] ??= binding.kind === 'value' ? binding.ref.content : 'absent';
  }

  permit(): void {
    this.#mayAct = !this.#asksEach;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Returns when the process may go on. */
  async see(doing: Doing): Promise<void> {
    this.#pid = doing.pid;
    if (doing.permission === 'env' && doing.value === asideMark) this.#isAside = true;
    else if (doing.permission === 'env' && doing.value === watchedMark) this.#isAside = false;
    else if (!this.#isAside) await this.#seeCell(doing);
  }

  async #seeCell({ permission, value }: Doing): Promise<void> {
    switch (permission) {
      case 'env':
        this.#seeVariable(value);
        return;
      case 'read':
        if (value === null) this.#outside.add('native-files');
        else this.#seeRead(this.#absolute(value));
        return;
      case 'write':
        await this.#seeWrite(value === null ? undefined : this.#absolute(value));
        return;
      case 'run':
        await this.#act('subprocess', `started ${value ?? 'a program'}`);
        return;
      case 'net':
        await this.#act('network', 'sent data over the network');
        this.#requests.set(value ?? '', { url: `//${value ?? ''}`, method: '' });
        return;
      case 'ffi':
        // Files that such code opens were opened by the cell before.
        if (this.#isConfined) return;
        await this.#act('native-files', 'called native code');
        return;
      default:
        // What machine it is, and modules from the web that are kept.
        return;
    }
  }

  #seeVariable(name: string | null): void {
    const key = name ?? '*';
    if (!this.#variables.has(key)) this.#variables.set(key, digestOfVariable(this.#around.variables, key));
  }

  #absolute(path: string): string {
    return resolve(this.#folder(), path);
  }

  #folder(): string {
    try {
      return readlinkSync(`/proc/${String(this.#pid)}/cwd`);
    } catch (error) {
      if (isFileError(error)) return this.#around.cwd;
      throw error;
    }
  }

  #isOwn(path: string): boolean {
    if (leftOut.test(path) && !path.startsWith('/dev/shm/')) return true;
    return this.#around.own.some((folder) => path === folder || path.startsWith(`${folder}/`));
  }

  #seeRead(path: string): void {
    if (this.#isOwn(path) || this.#written.has(path)) return;
    const onlyLooks = this.#looksFor !== undefined && path === this.#absolute(this.#looksFor);
    for (const kind of onlyLooks ? whetherThere : kindsFor(path)) {
      const key = `${kind} ${path}`;
      if (!this.#files.has(key)) this.#files.set(key, { path, kind, signature: markOf(path, kind) });
    }
  }

  async #seeWrite(path: string | undefined): Promise<void> {
    if (path === undefined) {
      await this.#act('file-write', 'may have changed any file');
      return;
    }
    if (this.#isOwn(path)) return;
    await this.#permission('file-write', path);
    this.#around.journal.aboutToChange(path);
    this.#outside.add('file-write');
    this.#written.add(path);
  }

  async #act(reason: string, lasting: string): Promise<void> {
    await this.#permission(reason, lasting);
    this.#around.journal.lasting(lasting);
    this.#outside.add(reason);
  }

  async #permission(reason: string, detail: string): Promise<void> {
    if (this.#mayAct) return;
    const waits = new Promise<void>((go) => this.#waiting.push(go));
    const filesRead = [...this.#files.values()];
    this.#around.say({
      type: 'effect',
      reason,
      detail,
      reads: { ...this.#reads },
      shadowed: this.#shadowed,
      filesRead,
    });
    await waits;
  }

  /** With what was seen from outside. */
  complete(result: AttemptResult): AttemptResult {
    if (this.#holdsFilesOpen()) this.#outside.add('open-file');
    const { filesRead, requests, packages, ...seen } = this.observation();
    // All cells of one process are told of together.
    const files = [...filesRead, ...result.filesRead.map(marked)];
    const once = this.#isLane ? { filesRead: [], requests: [] } : { filesRead: files, requests };
    const outside = [...new Set([...seen.outside, ...result.outside])];
    return { ...result, ...seen, ...once, outside, packages };
  }

  observation(): LaneObservation {
    return {
      filesRead: [...this.#files.values()],
      variables: Object.fromEntries([...this.#variables].sort()),
      packages: nothingReached,
      filesWritten: [...this.#written].sort(),
      outside: [...this.#outside].sort(),
      requests: [...this.#requests.values()],
    };
  }

  /** A file that is open for writing can be changed without anybody being asked. */
  #holdsFilesOpen(): boolean {
    return this.#pid !== undefined && openForWriting(this.#pid).some((path) => !this.#isOwn(path));
  }
}

/** A file that a process tells of itself, with its mark: an engine has times of files less precisely than whoever compares them. */
export function marked({ path, kind }: FileRead): FileRead {
  return { path, kind, signature: markOf(path, kind) };
}

const whetherThere: readonly FileRead['kind'][] = ['type'];

/** What a question about a path may have been, as far as nobody says which it was. */
function kindsFor(path: string): readonly FileRead['kind'][] {
  try {
    return statSync(path).isDirectory() ? ['type', 'listing'] : ['content', 'stat'];
  } catch (error) {
    if (isFileError(error)) return ['content'];
    throw error;
  }
}
