import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { FromAttempt, FromParent, ToWorker } from './protocol.ts';
import { makeSocketFolder } from './socket-folder.ts';

/** Where a run listens for its processes. */
export interface Reception {
  readonly server: Server;
  readonly folder: string;
  readonly socket: string;
  readonly token: string;
}

/** In a private folder; whoever connects has to know the token. */
export async function openReception(): Promise<Reception> {
  const { folder, socket } = makeSocketFolder();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  return { server, folder, socket, token: randomBytes(16).toString('hex') };
}

/** Nobody can connect any more. */
export function closeReception({ server, folder }: Reception): void {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

/** How a process of this program is talked with, wherever it is. */
export interface Line {
  /** Nothing happens when the other side is gone. */
  readonly send: (message: ToWorker) => void;
  readonly close: () => void;
  /** To the process at the other side, which has this number. */
  readonly signal: (pid: number, signal: 'SIGKILL' | 'SIGURG') => void;
  readonly isClosed: () => boolean;
  /** Called once when the other side is gone, or this one has closed it. */
  readonly onClose: (listen: () => void) => void;
}

/** One line of JSON a message. */
export function lineOf(socket: Socket): Line {
  return {
    send: (message) => {
      writeLine(socket, message);
    },
    close: () => {
      socket.destroy();
    },
    signal: signalProcess,
    isClosed: () => socket.destroyed,
    onClose: (listen) => {
      socket.once('close', listen);
    },
  };
}

/** One line of JSON; nothing when the other side is gone. */
export function writeLine(socket: Socket, message: object): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `receive` for each message of a process, in order. */
export function readMessages(socket: Socket, receive: (message: FromParent | FromAttempt) => void): void {
  readLines(socket, (line) => {
    receive(JSON.parse(line) as FromParent | FromAttempt);
  });
}

/** Calls `receive` for each whole line, in order. */
export function readLines(socket: Readable, receive: (line: string) => void): void {
  let parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    let rest = chunk;
    for (;;) {
      const end = rest.indexOf(10);
      if (end < 0) break;
      parts.push(rest.subarray(0, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      rest = rest.subarray(end + 1);
      receive(line);
    }
    if (rest.length > 0) parts.push(rest);
  });
}

/** Nothing happens when the process is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already: that is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
