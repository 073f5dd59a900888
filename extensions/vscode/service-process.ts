/** The service as a process of its own, started with the Node that the editor itself runs on. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { protocolVersion, type Method, type Notification, type ParamsOf, type ResultOf } from '../service/protocol.ts';
import { RpcConnection } from '../ui/rpc-connection.ts';
import { childEnvironment } from './child-environment.ts';
import type { HostService, ServiceLog } from './place.ts';

interface Live {
  readonly child: ChildProcessWithoutNullStreams;
  readonly connection: RpcConnection;
  /** The service has said which version it speaks. */
  readonly ready: Promise<ResultOf<'initialize'>>;
}

/** Where the service is, and whom it tells what. */
export interface ServiceOrder {
  /** Path of the command line's bundle. */
  readonly program: string;
  /** The folder in which it works: where relative paths begin. */
  readonly folder: string;
  readonly log: ServiceLog;
}

/**
 * Starts the service when it is first asked for something, and again after it has ended. Runs that it started go on without it, so
 * that ending it ends none.
 */
export class ServiceProcess implements HostService {
  readonly #order: ServiceOrder;
  readonly #listeners = new Set<(notification: Notification) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  #live: Live | undefined;
  #isOver = false;

  constructor(order: ServiceOrder) {
    this.#order = order;
  }

  async request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    if (this.#isOver) throw new Error('The window is closing.');
    this.#live ??= this.#start();
    const { connection, ready } = this.#live;
    const greeting = await ready;
    // Every view begins with it; the process is asked once.
    if (method === 'initialize') return greeting;
    return await connection.request(method, params);
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onConnected(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  dispose(): void {
    this.#isOver = true;
    this.#live?.child.stdin.end();
    this.#live?.child.kill();
  }

  #start(): Live {
    const { program, folder, log } = this.#order;
    const child = spawn(process.execPath, [program, 'serve', '--stdio'], { cwd: folder, env: childEnvironment() });
    const connection = new RpcConnection((line) => child.stdin.write(`${line}\n`));
    const watchers = this.#watchers;
    let rest = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${rest}${text}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) connection.receive(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2000);
      log.error(text.trimEnd());
    });
    // A write to a process that has just ended; its end is told below.
    child.stdin.on('error', (error) => log.error(error.message));
    const ended = (why: string): void => {
      if (this.#live?.child !== child) return;
      this.#live = undefined;
      connection.closed(why);
      if (this.#isOver) return;
      log.error(why);
      for (const watcher of watchers) watcher(false);
    };
    child.on('error', (error) => ended(`The service could not be started: ${error.message}`));
    child.on('exit', (code, signal) => ended(`The service ended (${String(signal ?? code)}). ${said.trim()}`.trim()));
    connection.onNotification((notification) => {
      for (const listener of this.#listeners) listener(notification);
    });
    const ready = connection.request('initialize', { protocol: protocolVersion });
    ready.then(
      ({ cellwright }) => log.info(`cellwright ${cellwright}, process ${String(child.pid)}`),
      (error: unknown) => log.error(String(error)),
    );
    return { child, connection, ready };
  }
}
