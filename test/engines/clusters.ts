import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { clusterMark, processesWith } from './run-on.ts';
import { freePort } from '../free-port.ts';

/** True where a node can be given a file system of its own. */
export const canHide: boolean = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

/** A real cluster of two nodes on this machine, each with one processor. */
export interface Cluster {
  readonly url: string;
  /** Ends the second node as a machine ends that loses its power. */
  readonly killNode: () => void;
  /** Puts a node in its place. */
  readonly addNode: () => Promise<void>;
  /** Ends what was started, and nothing else. */
  readonly stop: () => void;
}

const [markName = '', markValue = ''] = clusterMark.split('=');
const environment = { ...process.env, [markName]: markValue, RAY_USAGE_STATS_ENABLED: '0' };
/** Milliseconds in which a part of a cluster has to start. */
const patience = 120_000;

function killAll(word: string): void {
  for (const pid of processesWith(word, clusterMark)) kill(pid);
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone with another one.
  }
}

/**
 * Two raylets, which are two nodes to Ray. On a busy machine a start may take longer than Ray waits for it.
 * @param hidden a folder that the second node does not see, where that can be had
 */
export async function startRay(python: string, scratch: string, hidden: string): Promise<Cluster> {
  const ray = path.join(path.dirname(python), 'ray');
  const start = (isFar: boolean, ...words: string[]): string => {
    const common = ['--node-ip-address', '127.0.0.1', '--num-cpus', '1', '--disable-usage-stats'];
    const options = { env: environment, encoding: 'utf8', timeout: patience } as const;
    // What hosts there keep in their own folder is not to be seen from here either.
    const own = path.join(tmpdir(), `cellwright-${String(process.getuid?.() ?? 0)}`);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    const mounts = 'mount -t tmpfs none "$1" && mount -t tmpfs -o mode=700 none "$2" && shift 2 && exec "$@"';
    const hide = ['-m', 'sh', '-c', mounts, 'sh', hidden, own, ray];
    const [program, before] = isFar && canHide ? ['unshare', hide] : [ray, []];
    const done = spawnSync(program, [...before, 'start', ...words, ...common], options);
    return done.status === 0 ? '' : `ray start ended with ${String(done.status)}: ${done.stdout}${done.stderr}`;
  };
  const again = async (isFar: boolean, words: () => Promise<readonly string[]>): Promise<void> => {
    let problem = '';
    for (let tries = 0; tries < 3; tries++) {
      problem = start(isFar, ...(await words()));
      if (problem === '') return;
    }
    killAll('');
    throw new Error(problem);
  };
  let port = 0;
  await again(false, async () => {
    killAll('');
    port = await freePort();
    const client = ['--ray-client-server-port', String(await freePort())];
    const folder = ['--temp-dir', path.join(scratch, 'ray')];
    return ['--head', '--port', String(port), '--include-dashboard=false', ...client, ...folder];
  });
  const address = `127.0.0.1:${String(port)}`;
  const addNode = async (): Promise<void> => {
    await again(true, async () => await Promise.resolve(['--address', address]));
  };
  await addNode();
  return {
    url: `ray://${address}`,
    killNode: () => {
      kill(processesWith('/raylet/raylet', clusterMark).at(-1));
    },
    addNode,
    stop: () => {
      for (let round = 0; round < 3; round++) killAll('');
    },
  };
}

/** A scheduler and two workers, each with its nanny. */
export async function startDask(python: string, scratch: string): Promise<Cluster> {
  const port = await freePort();
  const dask = path.join(path.dirname(python), 'dask');
  const address = `127.0.0.1:${String(port)}`;
  let started = 0;
  const start = async (sign: string, words: readonly string[]): Promise<void> => {
    const log = path.join(scratch, `dask-${String(started++)}.log`);
    const shell = ['-c', 'log=$1; shift; exec "$@" > "$log" 2>&1', 'sh', log, dask, ...words];
    spawn('sh', [...shell, '--host', '127.0.0.1', '--no-dashboard'], {
      env: environment,
      stdio: 'ignore',
      detached: true,
    }).unref();
    await untilFileSays(log, sign);
  };
  const addNode = async (): Promise<void> => {
    await start('Registered to', ['worker', `tcp://${address}`, '--nworkers', '1', '--nthreads', '1']);
  };
  await start('Scheduler at', ['scheduler', '--port', String(port)]);
  await addNode();
  await addNode();
  return {
    url: `dask://${address}`,
    killNode: () => {
      // The nanny first: it would start the worker again.
      kill(processesWith('dask\0worker', clusterMark).at(-1));
    },
    addNode,
    stop: () => {
      for (let round = 0; round < 3; round++) killAll('');
    },
  };
}

async function untilFileSays(file: string, sign: string): Promise<void> {
  for (let tries = 0; tries < patience / 200; tries++) {
    try {
      if (readFileSync(file, 'utf8').includes(sign)) return;
    } catch {
      // It is not there yet.
    }
    await wait(200);
  }
  throw new Error(`${file} does not say "${sign}"`);
}
