import type { Socket } from 'node:net';
import type { FromAttempt, FromParent, ToWorker } from '../process/protocol.ts';
import { readLines, type Line } from '../process/reception.ts';
import type { Installation } from './installation.ts';
import type { Seals } from './proof.ts';

/** What a host says; `line` is what one of its processes said. */
export type FromHost =
  | {
      readonly type: 'hello';
      readonly node: string;
      readonly installation: Installation;
      /** Why it cannot serve; empty when it can. */
      readonly problem: string;
      /** Why the store of the run cannot be used there, and what to do. */
      readonly refusal: { readonly message: string; readonly help: string } | null;
    }
  | { readonly type: 'beat' }
  | { readonly type: 'opened' | 'closed'; readonly channel: number }
  | { readonly type: 'line'; readonly channel: number; readonly message: FromParent | FromAttempt }
  /** What its warm parent wrote on its standard error. */
  | { readonly type: 'complaint'; readonly text: string }
  | { readonly type: 'parent-ended' }
  /** For people. */
  | { readonly type: 'said'; readonly text: string };

/** What a host is told. */
export type ToHost =
  | { readonly type: 'beat' | 'end' }
  | { readonly type: 'line'; readonly channel: number; readonly message: ToWorker }
  | { readonly type: 'close' | 'kill' | 'interrupt'; readonly channel: number };

/** One process of a host, reached through it. */
export interface RemoteLine extends Line {
  onMessage: (message: FromParent | FromAttempt) => void;
}

/** Milliseconds between two signs of life, and without one after which a host counts as lost. */
const heartbeat = 5000;
const longestSilence = 60_000;

/** A host, as long as it is connected. */
export class HostLink {
  readonly name: string;
  readonly #socket: Socket;
  readonly #seals: Seals;
  readonly #lines = new Map<number, { readonly line: RemoteLine; readonly closed: (() => void)[] }>();
  readonly #beats: NodeJS.Timeout;
  #heard = performance.now();
  #isLost = false;
  /** A process has connected; it has said nothing yet. */
  onLine: (line: RemoteLine) => void = () => undefined;
  /** What the host says for itself. */
  onMessage: (message: FromHost) => void = () => undefined;
  /** Called once when the host is gone. */
  onLost: () => void = () => undefined;

  constructor(socket: Socket, { name, seals }: { readonly name: string; readonly seals: Seals }) {
    this.name = name;
    this.#socket = socket;
    this.#seals = seals;
    socket.setNoDelay(true);
    socket.on('error', () => {
      socket.destroy();
    });
    socket.on('close', () => {
      this.#lose();
    });
    this.#beats = setInterval(() => {
      this.#beat();
    }, heartbeat);
  }

  /** From now on what it says is listened to. */
  open(): void {
    readLines(this.#socket, (line) => {
      this.#receive(line);
    });
    // It was read piece by piece before.
    this.#socket.resume();
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  send(message: ToHost): void {
    if (!this.#socket.destroyed) this.#socket.write(this.#seals.seal(JSON.stringify(message)));
  }

  /** Lets go of it; it ends all that it has started. */
  end(): void {
    this.send({ type: 'end' });
    this.#socket.end();
    this.#lose();
  }

  #beat(): void {
    this.send({ type: 'beat' });
    if (performance.now() - this.#heard < longestSilence) return;
    // This program may have been busy: what has come meanwhile is looked at first.
    setImmediate(() => {
      setImmediate(() => {
        if (performance.now() - this.#heard >= longestSilence) this.#socket.destroy();
      });
    });
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    clearInterval(this.#beats);
    for (const channel of [...this.#lines.keys()]) this.#close(channel);
    this.onLost();
  }

  #receive(line: string): void {
    if (this.#isLost) return;
    this.#heard = performance.now();
    const text = this.#seals.open(line);
    if (text === undefined) {
      this.#socket.destroy();
      return;
    }
    const message = JSON.parse(text) as FromHost;
    if (message.type === 'line') this.#lines.get(message.channel)?.line.onMessage(message.message);
    else if (message.type === 'opened') this.#opened(message.channel);
    else if (message.type === 'closed') this.#close(message.channel);
    else if (message.type !== 'beat') this.onMessage(message);
  }

  #opened(channel: number): void {
    const closed: (() => void)[] = [];
    const tell = (type: 'close' | 'kill' | 'interrupt'): void => {
      if (this.#lines.has(channel)) this.send({ type, channel });
    };
    const line: RemoteLine = {
      send: (message) => {
        if (this.#lines.has(channel)) this.send({ type: 'line', channel, message });
      },
      close: () => {
        tell('close');
      },
      signal: (_, signal) => {
        tell(signal === 'SIGKILL' ? 'kill' : 'interrupt');
      },
      isClosed: () => !this.#lines.has(channel),
      onClose: (listen) => closed.push(listen),
      onMessage: () => undefined,
    };
    this.#lines.set(channel, { line, closed });
    this.onLine(line);
  }

  #close(channel: number): void {
    const found = this.#lines.get(channel);
    this.#lines.delete(channel);
    for (const listen of found?.closed ?? []) listen();
  }
}
