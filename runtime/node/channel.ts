import fs from 'node:fs';
import type { FromAttempt, ToWorker } from '../process/protocol.ts';

// As they are before a cell can put others in their place.
const { openSync, readSync, writeSync, read } = fs;
const { stringify, parse } = JSON;
const bytesOf = Buffer.from.bind(Buffer);

const { getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect;
const { prototype: ofArrays } = Array;
const { prototype: ofObjects } = Object;

/** A message as JSON, whatever a cell has put on all objects to have them written in another way. */
function written(message: FromAttempt): string {
  if (!('toJSON' in ofArrays)) return stringify(message);
  const arrays = getOwnPropertyDescriptor(ofArrays, 'toJSON');
  const objects = getOwnPropertyDescriptor(ofObjects, 'toJSON');
  deleteProperty(ofArrays, 'toJSON');
  deleteProperty(ofObjects, 'toJSON');
  const text = stringify(message);
  if (arrays !== undefined) defineProperty(ofArrays, 'toJSON', arrays);
  if (objects !== undefined) defineProperty(ofObjects, 'toJSON', objects);
  return text;
}

/** The first line on the orders: what the process is to know before anything else. */
export interface Configuration {
  readonly type: 'configure';
  readonly attempt: string;
  readonly token: string;
  /** Folder of the objects of the store. */
  readonly store: string;
  readonly kernel: KernelName;
  /** Folder of the package of a kernel that is one of Node's; empty where there is none. */
  readonly home: string;
  /** The moment that the clocks of all processes count from, in milliseconds since 1970. */
  readonly origin: number;
  /** Environment variables whose values no file may have in it. */
  readonly secrets: readonly string[];
  /** Environment variables that are ours and no cell's. */
  readonly hidden: readonly string[];
}

/** The kernel whose ways the cells are run in. */
export type KernelName = 'deno' | 'tslab' | 'jslab';

/** Lines of a file that a process reads a piece at a time. */
class Lines {
  #rest = Buffer.alloc(0);
  readonly #ready: string[] = [];

  take(): string | undefined {
    return this.#ready.shift();
  }

  add(chunk: Buffer): void {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#ready.push(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#rest = Buffer.from(rest);
  }
}

/**
 * Three named pipes to the scheduler: orders come when they come, so that timers of the notebook go off meanwhile; answers are waited
 * for without letting anything else happen, as a name that is looked up must have its value at once.
 */
export class Channel {
  readonly #orders: number;
  readonly #answers: number;
  readonly #messages: number;
  readonly #ordered = new Lines();
  readonly #answered = new Lines();
  readonly #buffer = Buffer.alloc(1 << 16);

  /** @param place the path of the pipes without their last letters */
  constructor(place: string) {
    this.#messages = openSync(`${place}.m`, 'w');
    this.#orders = openSync(`${place}.o`, 'r');
    this.#answers = openSync(`${place}.a`, 'r');
  }

  /** Returns when all of it is written. */
  send(message: FromAttempt): void {
    const line = bytesOf(`${written(message)}\n`);
    for (let done = 0; done < line.length;) done += writeSync(this.#messages, line, done, line.length - done);
  }

  /** Says something and waits for what is answered; nothing else happens meanwhile. */
  ask(message: FromAttempt): ToWorker {
    this.send(message);
    for (;;) {
      const line = this.#answered.take();
      if (line !== undefined) return parse(line) as ToWorker;
      const count = readSync(this.#answers, this.#buffer, 0, this.#buffer.length, null);
      if (count === 0) process.kill(process.pid, 'SIGKILL');
      this.#answered.add(this.#buffer.subarray(0, count));
    }
  }

  /** The next order; timers go on meanwhile. */
  async next(): Promise<ToWorker | Configuration> {
    for (;;) {
      const line = this.#ordered.take();
      if (line !== undefined) return parse(line) as ToWorker | Configuration;
      this.#ordered.add(await this.#readOrders());
    }
  }

  async #readOrders(): Promise<Buffer> {
    const buffer = Buffer.alloc(1 << 16);
    return await new Promise((resolve, reject) => {
      read(this.#orders, buffer, 0, buffer.length, null, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0) process.kill(process.pid, 'SIGKILL');
        else resolve(buffer.subarray(0, count));
      });
    });
  }
}
