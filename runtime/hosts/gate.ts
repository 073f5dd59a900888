import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { HostLink } from './host-link.ts';
import { serveObjects } from './object-door.ts';
import { isSame, newNonce, proofOf, Seals, type Greeting } from './proof.ts';
import { SocketReader } from './socket-reader.ts';

const longestGreeting = 1 << 12;
/** Milliseconds in which whoever connects has to prove that he belongs here. */
const patience = 10_000;

/** Where hosts come. */
export interface GateOptions {
  /** The address that they come to; all of this machine's when it is none of its own. */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What they have to know, and what shows them that this is the driver. */
  readonly token: string;
  /** Folder of objects that they may read and add to. */
  readonly objects: string;
  readonly onHost: (link: HostLink) => void;
}

/** The place where hosts of a run come, on the network: only who knows the run's token gets in. */
export class Gate {
  readonly #server: Server;
  readonly #options: GateOptions;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, options: GateOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => {
        socket.destroy();
      });
      void this.#admit(socket);
    });
  }

  /** Rejects when the port cannot be had. */
  static async open(options: GateOptions): Promise<Gate> {
    const server = createServer({ pauseOnConnect: false });
    try {
      await listen(server, options.address, options.port);
    } catch (error) {
      // Of a machine behind another one's address: hosts know it by that.
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL')) throw error;
      await listen(server, undefined, options.port);
    }
    return new Gate(server, options);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroySoon();
  }

  async #admit(socket: Socket): Promise<void> {
    const timer = setTimeout(() => {
      socket.destroy();
    }, patience);
    const greeting = await this.#greet(socket);
    clearTimeout(timer);
    if (greeting === undefined) {
      socket.destroy();
      return;
    }
    const { token, objects, onHost } = this.#options;
    if (greeting.role === 'objects') {
      await serveObjects(socket, objects);
      return;
    }
    const link = new HostLink(socket, { name: greeting.name, seals: new Seals(token, greeting) });
    onHost(link);
    link.open();
  }

  /** What the other side has said of itself, once both have proven to know the token. */
  async #greet(socket: Socket): Promise<Greeting | undefined> {
    const { token } = this.#options;
    const own = newNonce();
    socket.write(`${JSON.stringify({ nonce: own })}\n`);
    const line = await new SocketReader(socket).line(longestGreeting);
    const said = line === undefined ? undefined : readGreeting(line);
    if (said === undefined) return undefined;
    const greeting = { role: said.role, name: said.name, nonces: [own, said.nonce] as const };
    if (!isSame(said.proof, proofOf(token, 'host', greeting))) return undefined;
    socket.write(`${JSON.stringify({ proof: proofOf(token, 'driver', greeting) })}\n`);
    return greeting;
  }
}

async function listen(server: Server, address: string | undefined, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(address !== undefined && { host: address }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function readGreeting(line: string): { role: string; name: string; nonce: string; proof: string } | undefined {
  try {
    const said = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const { role, name, nonce, proof } = said;
    if (role !== 'host' && role !== 'objects') return undefined;
    if (typeof name !== 'string' || typeof nonce !== 'string' || typeof proof !== 'string') return undefined;
    return { role, name, nonce, proof };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
