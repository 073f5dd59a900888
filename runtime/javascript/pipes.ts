import { spawn } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { readLines } from '../process/reception.ts';

/** The scheduler's ends of the three named pipes of a process. */
export interface Pipes {
  /** What the process finds its ends by. */
  readonly place: string;
  sendOrder(message: object): void;
  sendAnswer(message: object): void;
  /** Calls `receive` for each whole line that the process says, in order. */
  listen(receive: (line: string) => void): void;
  close(): void;
}

/** Makes the pipes of several processes at once, since a program has to be started for it. */
export async function makePipes(places: readonly string[]): Promise<void> {
  const paths = places.flatMap((place) => [`${place}.o`, `${place}.a`, `${place}.m`]);
  await new Promise<void>((resolve, reject) => {
    const child = spawn('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`mkfifo ended with ${String(code)}`));
    });
  });
}

/** Opens the scheduler's ends. A pipe that is open in both directions waits for nobody. */
export function openPipes(place: string): Pipes {
  const open = (end: string): number => openSync(`${place}.${end}`, constants.O_RDWR | constants.O_NONBLOCK);
  const orders = new Socket({ fd: open('o'), readable: false, writable: true });
  const answers = new Socket({ fd: open('a'), readable: false, writable: true });
  const said = new Socket({ fd: open('m'), readable: true, writable: false });
  const all = [orders, answers, said];
  // Whoever is gone hears nothing, and his going is told elsewhere.
  for (const socket of all) socket.on('error', () => socket.destroy());
  const write = (socket: Socket, message: object): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
  };
  return {
    place,
    sendOrder: (message) => write(orders, message),
    sendAnswer: (message) => write(answers, message),
    listen: (receive) => readLines(said, receive),
    close: () => {
      for (const socket of all) socket.destroy();
    },
  };
}
