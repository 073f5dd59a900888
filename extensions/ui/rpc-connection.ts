import {
  errorCodes,
  type Method,
  type Notification,
  type ParamsOf,
  type ResultOf,
  type ServiceMessage,
} from '../service/protocol.ts';
import type { ServiceConnection } from './panel.ts';
import { ServiceRefusal } from './service-refusal.ts';

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** JSON-RPC over anything that carries lines: a WebSocket, messages of a webview, a pipe. */
export class RpcConnection implements ServiceConnection {
  readonly #send: (line: string) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  readonly #watchers = new Set<(connected: boolean) => void>();
  #number = 0;

  /** @param send takes one message, which has no line break in it */
  constructor(send: (line: string) => void) {
    this.#send = send;
  }

  async request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const id = ++this.#number;
    const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    try {
      this.#send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    } catch (error) {
      this.#waiting.delete(id);
      throw error;
    }
    return (await answered) as ResultOf<M>;
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onConnected(listener: (connected: boolean) => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Takes a line in that came from the service. */
  receive(line: string): void {
    if (line.trim() === '') return;
    const message = JSON.parse(line) as ServiceMessage;
    if ('method' in message) {
      const { method, params } = message;
      for (const listener of this.#listeners) listener({ method, params } as Notification);
      return;
    }
    const waiting = this.#waiting.get(Number(message.id));
    this.#waiting.delete(Number(message.id));
    if ('error' in message) waiting?.reject(new ServiceRefusal(message.error));
    else waiting?.resolve(message.result);
  }

  /** The way is there again: whoever speaks over it begins anew. */
  opened(): void {
    for (const watcher of this.#watchers) watcher(true);
  }

  /** The way is gone: what was asked is not answered any more. */
  closed(reason: string): void {
    const error = new ServiceRefusal({ code: errorCodes.internal, message: reason });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    for (const watcher of this.#watchers) watcher(false);
  }
}
