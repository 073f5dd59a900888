import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import type { InstalledWheel } from './installed-wheel.ts';

/** A Jupyter server of its own settings, with a token. */
export interface JupyterServer {
  /** With a slash at its end. */
  readonly address: string;
  readonly token: string;
  /** The folder that it serves. */
  readonly root: string;
  /** Where results are kept; every server has its own. */
  readonly cache: string;
  /** What it has said so far. */
  log(): string;
  /** Ends the server; runs that were started go on. */
  stop(): Promise<void>;
  /** Ends it and removes its folders. */
  remove(): Promise<void>;
}

export interface ServerWishes {
  readonly program: 'jupyter-lab' | 'jupyter-notebook' | 'jupyter-server';
  /** Default: /. */
  readonly base?: string;
  /** The folders of an earlier server, for one that takes its place. */
  readonly again?: JupyterServer;
  readonly options?: readonly string[];
}

const patience = 60_000;

/** Starts it, and waits until it answers. */
export async function startServer(wheel: InstalledWheel, wishes: ServerWishes): Promise<JupyterServer> {
  const home =
    wishes.again === undefined
      ? mkdtempSync(path.join(tmpdir(), 'cellwright-jupyter-'))
      : path.dirname(wishes.again.root);
  const folder = (name: string): string => path.join(home, name);
  for (const name of ['root', 'config', 'settings', 'workspaces', 'data', 'cache', 'runtime'])
    mkdirSync(folder(name), { recursive: true });
  quieten(folder('settings'));
  const port = await freePort();
  const token = 'a-token-of-these-tests';
  const base = wishes.base ?? '/';
  const child = spawn(
    wheel.program(wishes.program),
    [
      '--no-browser',
      '--allow-root',
      '--ip=127.0.0.1',
      `--port=${String(port)}`,
      `--ServerApp.root_dir=${folder('root')}`,
      `--ServerApp.base_url=${base}`,
      `--IdentityProvider.token=${token}`,
      ...(wishes.options ?? []),
    ],
    {
      env: {
        ...process.env,
        JUPYTER_CONFIG_DIR: folder('config'),
        JUPYTER_DATA_DIR: folder('data'),
        JUPYTER_RUNTIME_DIR: folder('runtime'),
        JUPYTERLAB_SETTINGS_DIR: folder('settings'),
        JUPYTERLAB_WORKSPACES_DIR: folder('workspaces'),
        XDG_CACHE_HOME: folder('cache'),
        CELLWRIGHT_KEEP_WARM: '0',
        // Threads of libraries wait for each other in loops, which takes minutes where others use the processors too.
        OMP_NUM_THREADS: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  child.on('error', ({ message }) => (log += message));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  };
  const server: JupyterServer = {
    address: `http://127.0.0.1:${String(port)}${base}`,
    token,
    root: folder('root'),
    cache: folder('cache'),
    log: () => log,
    stop,
    remove: async () => {
      await stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
  await waitUntilItAnswers(server, () => (child.pid === undefined ? -1 : child.exitCode));
  return server;
}

async function waitUntilItAnswers(server: JupyterServer, exitCode: () => number | null): Promise<void> {
  const until = Date.now() + patience;
  while (Date.now() < until && exitCode() === null) {
    const answer = await fetch(`${server.address}api`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await server.stop();
  throw new Error(`The Jupyter server does not answer:\n${server.log()}`);
}

/** Without the question whether news may be fetched, which would stand over the page; light or dark as the browser is. */
function quieten(settings: string): void {
  const folder = path.join(settings, '@jupyterlab', 'apputils-extension');
  mkdirSync(folder, { recursive: true });
  const write = (name: string, wish: object): void =>
    writeFileSync(path.join(folder, `${name}.jupyterlab-settings`), JSON.stringify(wish));
  write('notification', { fetchNews: 'false', checkForUpdates: false });
  write('themes', { 'adaptive-theme': true });
}
