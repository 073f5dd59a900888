import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseCase, writeCells } from '../../build/cases.mjs';
import { root } from '../environment.ts';
import { outputsOf } from '../equivalence/normalise.ts';

/** Where runs of a test take place. */
export interface Bench {
  /** What `--on` is given. */
  readonly url: string;
  readonly python: string;
  /** A folder of its own. */
  readonly scratch: string;
}

/** A task as `show --json` tells of it. */
export interface ShownTask {
  readonly name: string;
  readonly status: string;
  readonly place: string | null;
  readonly dropped: readonly string[];
}

/** One run by the command line. */
export interface Ran {
  readonly status: number | null;
  readonly said: string;
  readonly tasks: readonly ShownTask[];
}

const program = path.join(root, 'dist', 'cellwright.mjs');
/** Every process of a bench has it in its environment: nobody else's is ever ended. */
const mark = `CELLWRIGHT_TEST_MARK=${randomBytes(8).toString('hex')}`;

/** The same for the processes of a cluster. */
export const clusterMark = `CELLWRIGHT_CLUSTER_MARK=${randomBytes(8).toString('hex')}`;

function environment(): NodeJS.ProcessEnv {
  const [name = '', value = ''] = mark.split('=');
  return { ...process.env, [name]: value, RAY_USAGE_STATS_ENABLED: '0' };
}

/** Cells separated by a line of `---`, as a notebook in a folder of its own. */
export function writeNotebook({ scratch }: Bench, name: string, text: string): string {
  const file = path.join(scratch, name, 'notebook.ipynb');
  mkdirSync(path.dirname(file), { recursive: true });
  writeCells(file, parseCase(text).cells);
  return file;
}

/** Where a run puts the executed notebook. */
export function outputOf(notebook: string): string {
  return path.join(path.dirname(notebook), 'out.ipynb');
}

/** What each cell printed. */
export function printed(notebook: string): string[] {
  const cells = outputsOf(outputOf(notebook)) as (readonly [string, unknown])[][];
  return cells.map((cell) => cell.map(([kind, text]) => (kind === 'stdout' ? String(text) : '')).join(''));
}

function wordsOf(bench: Bench, notebook: string, flags: readonly string[]): string[] {
  const state = path.join(bench.scratch, 'state', path.basename(path.dirname(notebook)));
  const words = [program, 'run', notebook, '--on', bench.url, '--python', bench.python, '--state', state];
  return [...words, '--no-report', ...(flags.includes('-o') ? [] : ['-o', outputOf(notebook)]), ...flags];
}

/** Runs a notebook, and reads the record of the run. */
export async function runOn(bench: Bench, notebook: string, ...flags: string[]): Promise<Ran> {
  return await startOn(bench, notebook, ...flags).end;
}

/** A run that goes on. */
export interface Going {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: () => string;
  readonly end: Promise<Ran>;
}

/** Starts a run of a notebook. */
export function startOn(bench: Bench, notebook: string, ...flags: string[]): Going {
  const child = spawn(process.execPath, wordsOf(bench, notebook, flags), { env: environment(), stdio: 'pipe' });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      said += data.toString('utf8');
    });
  const end = new Promise<Ran>((resolve) => {
    child.on('close', (status) => {
      resolve({ status, said, tasks: tasksOf(bench, notebook) });
    });
  });
  return { child, said: () => said, end };
}

/** What the record of the last run of a notebook says of its tasks. */
export function tasksOf({ scratch }: Bench, notebook: string): readonly ShownTask[] {
  const state = path.join(scratch, 'state', path.basename(path.dirname(notebook)));
  const done = spawnSync(process.execPath, [program, 'show', 'last', notebook, '--state', state, '--json'], {
    encoding: 'utf8',
  });
  if (done.status !== 0) return [];
  return (JSON.parse(done.stdout) as { tasks: readonly ShownTask[] }).tasks;
}

/** Waits until a run has said something. */
export async function untilSaid(going: Going, what: RegExp): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (what.test(going.said())) return;
    if (going.child.exitCode !== null) break;
    await wait(100);
  }
  throw new Error(`it did not say ${String(what)}:\n${going.said()}`);
}

/** Processes of this bench whose command line has a word. */
export function processesWith(word: string, ownMark = mark): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => readProc(pid, 'cmdline').includes(word) && readProc(pid, 'environ').includes(ownMark))
    .map(Number)
    .sort((left, right) => left - right);
}

function readProc(pid: string, what: string): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    // It has gone, or is somebody else's.
    return '';
  }
}

/** Hosts of this bench that are not on the driver's own side. */
export function hostsAway(): number[] {
  return processesWith('/host.py').filter((pid) => readProc(String(pid), 'cmdline').includes('/program-'));
}
