import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTemporary } from '../store/sweep.ts';

/** What the system takes as the address of a socket; Node cuts off what is longer and listens somewhere else. */
const longestAddress = process.platform === 'linux' ? 107 : 103;

/** A private folder, and the place of the run's socket in it. */
export interface SocketPlace {
  readonly folder: string;
  readonly socket: string;
}

/** Where folders with sockets are: among temporary files, or in `/tmp` when the path of those is too long for a socket. */
export function socketBase(base: string = tmpdir()): string {
  const isTooLong = Buffer.byteLength(join(base, 'cw-XXXXXX', 'd-a999999')) > longestAddress;
  return isTooLong ? '/tmp' : base;
}

/** Makes a folder with a place for the socket of a run. */
export function makeSocketFolder(base?: string): SocketPlace {
  const folder = makeTemporary(socketBase(base), 'cw-');
  return { folder, socket: join(folder, 's') };
}
