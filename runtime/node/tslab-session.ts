import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nothingObserved } from '../nothing-observed.ts';
import type { AttemptResult, MimeBundle } from '../process/protocol.ts';
import type { RunOrder } from './attempt.ts';
import type { Channel } from './channel.ts';

/** The parts of tslab that this needs. */
interface Executor {
  execute(source: string): Promise<boolean>;
}
interface ConverterModule {
  readonly createConverter: (options: { readonly isJS: boolean; readonly isBrowser: boolean }) => object;
}
interface ExecutorModule {
  readonly createExecutor: (folder: string, converters: object, console: object) => Executor;
}
interface Shown {
  readonly data: MimeBundle;
  readonly metadata?: MimeBundle;
  readonly transient?: { readonly display_id?: string };
}
interface JupyterModule {
  lastWriteDisplayData: ((shown: Shown, isUpdate: boolean) => void) | undefined;
}

/**
 * All cells of a notebook of tslab, run by tslab's own executor. What cells have in common lies inside of that, each cell with variables
 * of its own, so there is one process for all of them, and nothing that it does is seen.
 */
export class TslabSession {
  readonly #channel: Channel;
  readonly #executor: Executor;

  /** @param home the folder of the package @param isJavaScript true: the kernel `jslab` */
  constructor(channel: Channel, home: string, isJavaScript: boolean) {
    this.#channel = channel;
    const load = createRequire(join(home, 'package.json'));
    const { createConverter } = load('./dist/converter.js') as ConverterModule;
    const { createExecutor } = load('./dist/executor.js') as ExecutorModule;
    this.#takeOutputs(load('./dist/jupyter.js') as JupyterModule);
    const node = createConverter({ isJS: isJavaScript, isBrowser: false });
    const write = { log: console.log.bind(console), error: console.error.bind(console) };
    this.#executor = createExecutor(process.cwd(), { node, browser: node }, write);
    process.on('uncaughtException', (error) => console.error('UncaughtException:', error));
    process.on('unhandledRejection', (reason) => console.error('UnhandledPromiseRejection:', reason));
  }

  #takeOutputs(jupyter: JupyterModule): void {
    for (const name of ['stdout', 'stderr'] as const) {
      const write = (chunk: unknown): boolean => {
        const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8');
        this.#channel.send({ type: 'output', output: { kind: 'stream', name, text } });
        return true;
      };
      Object.defineProperty(process[name], 'write', { value: write, configurable: true, writable: true });
    }
    jupyter.lastWriteDisplayData = ({ data, metadata = {}, transient }, isUpdate) => {
      const displayId = transient?.display_id;
      const output =
        isUpdate && displayId !== undefined
          ? ({ kind: 'update-display', data, metadata, displayId } as const)
          : ({ kind: 'display', data, metadata, ...(displayId !== undefined && { displayId }) } as const);
      this.#channel.send({ type: 'output', output });
    };
  }

  /** Runs what the scheduler sends until it says exit. */
  async serve(): Promise<void> {
    for (;;) {
      const order = await this.#channel.next();
      if (order.type === 'exit') return;
      if (order.type === 'run' && order.lane !== true)
        this.#channel.send({ type: 'one-process', reason: 'what cells of tslab have in common lies inside of it' });
      else if (order.type === 'run') this.#channel.send({ type: 'done', result: await this.#run(order) });
      // Nobody has seen what the cells read and wrote.
      const { filesRead, variables, packages, filesWritten, requests } = nothingObserved;
      const observed = { filesRead, variables, packages, filesWritten, requests, outside: ['native-files'] };
      if (order.type === 'conclude') this.#channel.send({ type: 'concluded', observed });
    }
  }

  async #run(order: RunOrder): Promise<AttemptResult> {
    const started = performance.now();
    const used = process.cpuUsage();
    if (order.timeout !== undefined) this.#channel.send({ type: 'clock', state: 'runs', spent: 0 });
    const ok = await this.#executor.execute(order.source);
    const seconds = (performance.now() - started) / 1000;
    if (order.timeout !== undefined) this.#channel.send({ type: 'clock', state: 'ends', spent: seconds });
    const { user, system } = process.cpuUsage(used);
    // What went wrong stands in its standard error, and the kernel says no more of it.
    if (!ok) this.#channel.send({ type: 'output', output: { kind: 'error', ename: '', evalue: '', traceback: [] } });
    return {
      ...nothingObserved,
      status: ok ? 'ok' : 'error',
      outside: ['native-files'],
      seconds,
      cpuSeconds: (user + system) / 1e6,
      peakMemory: process.memoryUsage().rss,
    };
  }
}
