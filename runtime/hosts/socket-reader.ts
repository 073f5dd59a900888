import type { Socket } from 'node:net';

/** Reads a connection piece by piece; what was not asked for stays for whoever reads it next. */
export class SocketReader {
  readonly #socket: Socket;
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const end = (): void => {
      this.#isOver = true;
    };
    socket.once('end', end);
    socket.once('close', end);
  }

  /** The next line without its end; undefined when none comes, or it is longer than so many bytes. */
  async line(longest: number): Promise<string | undefined> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const chunk = await this.#next();
      if (chunk === undefined) return undefined;
      const end = chunk.indexOf(10);
      const part = end < 0 ? chunk : chunk.subarray(0, end);
      parts.push(part);
      length += part.length;
      if (length > longest) return undefined;
      if (end < 0) continue;
      this.#putBack(chunk.subarray(end + 1));
      return Buffer.concat(parts).toString('utf8');
    }
  }

  /** So many bytes, as they come; false when there are not so many. */
  async bytes(count: number, take: (part: Buffer) => void): Promise<boolean> {
    let left = count;
    while (left > 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return false;
      take(chunk.subarray(0, left));
      if (chunk.length > left) this.#putBack(chunk.subarray(left));
      left -= Math.min(left, chunk.length);
    }
    return true;
  }

  #putBack(rest: Buffer): void {
    if (rest.length > 0) this.#socket.unshift(rest);
  }

  async #next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.#socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#isOver || this.#socket.destroyed) return undefined;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          for (const event of ['readable', 'end', 'close']) this.#socket.off(event, go);
          resolve();
        };
        for (const event of ['readable', 'end', 'close']) this.#socket.on(event, go);
      });
    }
  }
}
