import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Notification } from '../../extensions/service/protocol.ts';
import { RpcConnection } from '../../extensions/ui/rpc-connection.ts';
import { python, root } from '../environment.ts';

export const program: string = path.join(root, 'dist', 'cellwright.mjs');

/** The environment of programs that tests start: their interpreter first, and a store of their own. */
export function environmentIn(folder: string): NodeJS.ProcessEnv {
  const folders = `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`;
  return { ...process.env, XDG_CACHE_HOME: path.join(folder, 'cache'), PATH: folders, CELLWRIGHT_KEEP_WARM: '0' };
}

/** A `cellwright serve --stdio` of its own, as an editor starts one. */
export interface Served extends Pick<RpcConnection, 'request'> {
  readonly child: ChildProcess;
  /** Everything that it has said by itself. */
  readonly heard: readonly Notification[];
  /** Waits until it has said something for which `isIt` is true. */
  hear(isIt: (notification: Notification) => boolean): Promise<Notification>;
  end(): Promise<void>;
}

/** Starts the service in a folder. @param variables of its environment, beside those of the tests */
export function serve(folder: string, variables: Readonly<Record<string, string>> = {}): Served {
  const child = spawn(process.execPath, [program, 'serve', '--stdio'], {
    cwd: folder,
    env: { ...environmentIn(folder), ...variables },
  });
  const connection = new RpcConnection((line) => void child.stdin.write(`${line}\n`));
  const heard: Notification[] = [];
  const listeners = new Set<() => void>();
  connection.onNotification((notification) => {
    heard.push(notification);
    for (const listener of listeners) listener();
  });
  createInterface({ input: child.stdout }).on('line', (line) => connection.receive(line));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    child,
    heard,
    request: connection.request.bind(connection),
    hear: async (isIt) =>
      await new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`not heard in 40 s; heard ${JSON.stringify(heard).slice(-600)}`)),
          40_000,
        );
        const look = (): void => {
          const found = heard.find(isIt);
          if (found === undefined) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    end: async () => {
      child.stdin.end();
      await exited;
    },
  };
}
