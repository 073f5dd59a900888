import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
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

/** One line of JSON; nothing when the other side is gone. */
export function writeMessage(socket: Socket, message: ToWorker): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}

/** Calls `receive` for each whole line, in order. */
export function readMessages(socket: Socket, receive: (message: FromParent | FromAttempt) => void): void {
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
      receive(JSON.parse(line) as FromParent | FromAttempt);
    }
    if (rest.length > 0) parts.push(rest);
  });
}
