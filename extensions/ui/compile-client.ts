import type { CompileAnswer, CompileQuestion } from './compile-messages.ts';
import type { CompilerFiles } from './panel.ts';
import type { CompiledNotebook } from './pipeline.ts';

/** What becomes of texts that are given to the compiler. */
export interface CompileListener {
  onCompiled(compiled: CompiledNotebook): void;
  /** The compiler cannot be loaded, or failed itself; the next text is tried again. */
  onFailed(reason: string): void;
}

/** What is needed of a worker; a thread of Node can look like it. */
export type CompileThread = Pick<Worker, 'postMessage' | 'terminate' | 'onmessage' | 'onerror'>;

/** Milliseconds without a keystroke after which a text is compiled: short, since compiling is quick. */
const pause = 60;
/** After so many milliseconds of typing without a pause it is compiled all the same. */
const longestWait = 1000;

/** Compiles the newest text when typing pauses; a newer text supersedes one that waits. */
export class CompileClient {
  readonly #worker: CompileThread;
  readonly #listener: CompileListener;
  readonly #files: CompilerFiles;
  #number = 0;
  #waiting: { readonly text: string; readonly name: string } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since: number | undefined;
  #isBusy = true;

  constructor(worker: CompileThread, files: CompilerFiles, listener: CompileListener) {
    this.#worker = worker;
    this.#files = files;
    this.#listener = listener;
    worker.onmessage = ({ data }: MessageEvent<CompileAnswer>) => this.#hear(data);
    worker.onerror = (event) => listener.onFailed(event.message);
    const address = (file: URL | ArrayBuffer): string | ArrayBuffer => (file instanceof URL ? file.href : file);
    this.#ask({
      type: 'load',
      number: 0,
      runtimeWasm: address(files.runtimeWasm),
      languageWasm: address(files.languageWasm),
      asksForTypeScript: files.typescript !== undefined,
    });
  }

  compile(text: string, name: string): void {
    const isFirst = this.#number === 0 && this.#waiting === undefined;
    this.#waiting = { text, name };
    clearTimeout(this.#timer);
    const now = performance.now();
    this.#since ??= now;
    const wait = isFirst ? 0 : Math.max(0, Math.min(pause, this.#since + longestWait - now));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, wait);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#worker.terminate();
  }

  #send(): void {
    if (this.#isBusy || this.#timer !== undefined || this.#waiting === undefined) return;
    const { text, name } = this.#waiting;
    this.#waiting = undefined;
    this.#since = undefined;
    this.#isBusy = true;
    this.#ask({ type: 'compile', number: ++this.#number, text, name });
  }

  #ask(question: CompileQuestion): void {
    this.#worker.postMessage(question);
  }

  async #tellTypeScript(): Promise<void> {
    try {
      const address = await this.#files.typescript?.();
      this.#ask({ type: 'typescript', address: address?.href ?? '' });
    } catch (error) {
      this.#ask({ type: 'no-typescript', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  #hear(answer: CompileAnswer): void {
    if (answer.type === 'wants-typescript') {
      void this.#tellTypeScript();
      return;
    }
    this.#isBusy = false;
    if (answer.type === 'failed') this.#listener.onFailed(answer.reason);
    // What was compiled of an older text is shown all the same: while somebody types it is the best there is.
    if (answer.type === 'compiled') this.#listener.onCompiled(answer.compiled);
    this.#send();
  }
}
