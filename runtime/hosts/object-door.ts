import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileSize, objectPath } from '../store/local.ts';
import { SocketReader } from './socket-reader.ts';

const longestRequest = 200;

/**
 * Lets a host read and add objects of this run's own store: `has DIGEST`, `get DIGEST` and `put DIGEST SIZE`, one after the other. Whoever
 * reads an object compares its bytes with its name.
 */
export async function serveObjects(socket: Socket, objects: string): Promise<void> {
  const reader = new SocketReader(socket);
  socket.on('error', () => {
    socket.destroy();
  });
  for (;;) {
    const request = await reader.line(longestRequest);
    const [verb = '', digest = '', size = ''] = request?.split(' ') ?? [];
    if (
      !/^sha256:[0-9a-f]{64}$/.test(digest) ||
      !(await answer(socket, reader, { verb, size: Number(size), path: objectPath(objects, digest) }))
    ) {
      socket.destroy();
      return;
    }
  }
}

interface Request {
  readonly verb: string;
  readonly size: number;
  /** Of the object's file. */
  readonly path: string;
}

/** False when the connection is of no more use. */
async function answer(socket: Socket, reader: SocketReader, { verb, size, path }: Request): Promise<boolean> {
  const there = fileSize(path);
  switch (verb) {
    case 'has':
      return socket.write(there === undefined ? 'no\n' : 'yes\n') || true;
    case 'get':
      socket.write(there === undefined ? 'no\n' : `${String(there)}\n`);
      return there === undefined || (await sendFile(socket, path));
    case 'put':
      socket.write(there === undefined ? 'send\n' : 'there\n');
      return there !== undefined || (await keep(socket, reader, { size, path }));
    default:
      return false;
  }
}

async function sendFile(socket: Socket, path: string): Promise<boolean> {
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), socket, { end: false });
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

async function keep(
  socket: Socket,
  reader: SocketReader,
  { size, path }: Pick<Request, 'size' | 'path'>,
): Promise<boolean> {
  if (!Number.isSafeInteger(size) || size <= 0) return false;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${dirname(path)}/.tmp-${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', 0o600);
  let isWhole = false;
  try {
    isWhole = await reader.bytes(size, (part) => {
      for (let done = 0; done < part.length;) done += writeSync(file, part, done);
    });
  } finally {
    closeSync(file);
    if (!isWhole) rmSync(temporary, { force: true });
  }
  if (!isWhole) return false;
  renameSync(temporary, path);
  socket.write('kept\n');
  return true;
}
