import { createServer, type Server } from 'node:net';
import { isObject } from '../../compiler/bundle/follow-schema.ts';
import { readLines, writeLine } from '../process/reception.ts';
import type { Doing } from './observer.ts';

/** Deno asks here before it reads, writes, starts or connects, and waits for the answer. Nobody is refused. */
export async function openBroker(path: string, see: (doing: Doing) => Promise<void>): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    readLines(socket, (line) => {
      const asked: unknown = JSON.parse(line);
      if (!isObject(asked)) return;
      const { id, pid, permission, value } = asked;
      const doing = {
        pid: Number(pid),
        permission: String(permission),
        value: typeof value === 'string' ? value : null,
      };
      void see(doing).then(() => writeLine(socket, { id, result: 'allow' }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return server;
}
