import { lstatSync, renameSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { isFileError, readDocument, writeAtomically } from '../store/local.ts';
import { handOver, ownershipOf } from '../store/owner.ts';
import type { AtDoor } from './protocol.ts';
import { socketBase } from './socket-folder.ts';

/** Warm parents that wait for the next run, as is written in their folder. */
export interface StandBy {
  /** Digest of all that they were started with; see `standby-key.ts`. */
  readonly key: string;
  /** The folder of objects that they load from. */
  readonly store: string;
  /** What opens their doors. */
  readonly token: string;
  /** Of the first parent, with which the others end. */
  readonly pid: number;
  /** How many names of attempts and stages have been given. */
  readonly names: number;
  /** The steps that a stage has taken, as a key, and the name of the stage. */
  readonly stages: readonly (readonly [string, string])[];
}

/** With the folder that they are in. */
export interface FoundStandBy extends StandBy {
  readonly folder: string;
}

const document = 'standby.json';
/** They take memory: those of the notebooks that ran last are kept. */
const mostKept = 2;
/** Milliseconds. The first answers at once; others may be about to import what they are for. */
const patience = { first: 3000, others: 60_000 };

/** The socket at which a stage waits. */
export function doorOf(folder: string, stage: string): string {
  return join(folder, `d-${stage}`);
}

/** Lets later runs find warm parents that wait, and ends those that have waited longest when they are too many. */
export async function leaveStandBy(folder: string, standBy: StandBy): Promise<void> {
  if (!handOver(folder, standBy.pid)) return;
  writeAtomically(join(folder, document), JSON.stringify(standBy));
  const found = waiting().sort((left, right) => right.since - left.since);
  for (const { folder: other } of found.slice(mostKept)) {
    const claimed = claim(other);
    if (claimed !== undefined) await dismiss(claimed);
  }
}

/** Warm parents that were started with the same; no other run gets them. */
export function claimStandBy(key: string): FoundStandBy | undefined {
  for (const { folder, standBy } of waiting()) {
    if (standBy.key === key) {
      const claimed = claim(folder);
      if (claimed !== undefined) return claimed;
    }
  }
  return undefined;
}

/** Ends all warm parents that wait for a run on one of these stores. */
export async function dismissAll(stores: ReadonlySet<string>): Promise<void> {
  for (const { folder, standBy } of waiting()) {
    const claimed = stores.has(standBy.store) ? claim(folder) : undefined;
    if (claimed !== undefined) await dismiss(claimed);
  }
}

/** Ends warm parents that wait. */
export async function dismiss(standBy: FoundStandBy): Promise<void> {
  const { folder, pid } = standBy;
  await knock(standBy, '', { type: 'exit' });
  // It may hang. Another process that has its number by now is told from it.
  if (ownershipOf(folder) === 'alive') process.kill(pid, 'SIGKILL');
  rmSync(standBy.folder, { recursive: true, force: true });
}

/** Offers work to a stage; true when it takes it, and then it connects on its own. */
export async function knock(standBy: FoundStandBy, stage: string, message: AtDoor): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(doorOf(standBy.folder, stage));
    // A stage that nothing needs is not waited for at the end of the run.
    if (stage !== '') socket.unref();
    let said = '';
    const end = (): void => {
      socket.destroy();
      resolve(said.startsWith('yes'));
    };
    socket.setTimeout(stage === '' ? patience.first : patience.others, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (data: Buffer) => {
      said += data.toString('utf8');
    });
    socket.write(`${JSON.stringify({ doorToken: standBy.token, ...message })}\n`);
  });
}

interface Waiting {
  readonly folder: string;
  readonly standBy: StandBy;
  /** When they began to wait, in milliseconds. */
  readonly since: number;
}

function waiting(): Waiting[] {
  const base = socketBase();
  return listFolder(base)
    .filter((name) => name.startsWith('cw-'))
    .flatMap((name) => lookInto(join(base, name)) ?? []);
}

/** Undefined for what is not this user's own: anybody may make a folder among temporary files. */
function lookInto(folder: string): Waiting | undefined {
  try {
    const found = lstatSync(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) return undefined;
    const since = lstatSync(join(folder, document)).mtimeMs;
    const standBy = readDocument(join(folder, document));
    return isStandBy(standBy) ? { folder, standBy, since } : undefined;
  } catch (error) {
    // There is none, or another run has just taken it.
    if (isFileError(error)) return undefined;
    throw error;
  }
}

/** Of several runs that want the same warm parents, the one whose renaming succeeds has them. */
function claim(folder: string): FoundStandBy | undefined {
  const own = join(folder, `claimed-${String(process.pid)}.json`);
  try {
    renameSync(join(folder, document), own);
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
  const standBy = readDocument(own);
  return isStandBy(standBy) ? { ...standBy, folder } : undefined;
}

function isStandBy(value: unknown): value is StandBy {
  return typeof value === 'object' && value !== null && 'key' in value && 'token' in value && 'stages' in value;
}
