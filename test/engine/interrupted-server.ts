import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that can be cut, as a network or a server that dies cuts it. */
export class InterruptedServer {
  readonly #target: number;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #left = Number.POSITIVE_INFINITY;
  #pause = 0;
  #isCut = false;
  port = 0;
  /** Bytes that clients have sent. */
  sent = 0;
  /** How often it was cut. */
  cuts = 0;
  /** Called when it was. */
  onCut: () => void = () => undefined;

  /** @param target the port of the server behind it */
  constructor(target: number) {
    this.#target = target;
  }

  async start(): Promise<void> {
    this.#server = createServer((client) => {
      this.#connect(client);
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.port = address.port;
  }

  /** Once clients have sent so many bytes more, all connections end, and for a while there are no others. */
  cutAfter(bytes: number, milliseconds: number): void {
    this.#left = bytes;
    this.#pause = milliseconds;
  }

  /** From now on until `mend`, nobody is served. */
  cut(): void {
    this.#isCut = true;
    this.cuts++;
    for (const socket of this.#open) socket.destroy();
    this.onCut();
  }

  mend(): void {
    this.#isCut = false;
  }

  async stop(): Promise<void> {
    this.onCut = () => undefined;
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #connect(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = createConnection(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
    }
    server.pipe(client);
    client.on('data', (chunk: Buffer) => {
      this.sent += chunk.length;
      this.#left -= chunk.length;
      server.write(chunk);
      if (this.#left > 0) return;
      this.#left = Number.POSITIVE_INFINITY;
      this.cut();
      setTimeout(() => this.mend(), this.#pause);
    });
  }
}
