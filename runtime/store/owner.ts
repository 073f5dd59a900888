import { createHash } from 'node:crypto';
import { readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { isFileError, readOrNothing } from './local.ts';

/** The process that a folder belongs to. */
interface Owner {
  /** Digest of what tells this machine from others. */
  readonly machine: string;
  /** Changes when the machine starts again. */
  readonly boot: string;
  /** The space in which process ids are unique: containers have their own. */
  readonly space: string;
  readonly pid: number;
  /** When the process started, so that a later one with the same id is not taken for it. */
  readonly started: string;
}

/** `unknown`: it may live on another machine or in another container, so what it owns is left alone. */
export type Ownership = 'none' | 'alive' | 'dead' | 'unknown';

const name = 'owner.json';
/** This process, which stays what it is. */
let own: Owner | undefined;

/** Marks a folder as this process's own; false when it is somebody's already. */
export function claim(folder: string): boolean {
  try {
    own ??= describe(process.pid);
    writeFileSync(join(folder, name), JSON.stringify(own), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (isFileError(error) && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Marks a folder of this process's as another's from now on; false when that one has ended meanwhile, and removed it. */
export function handOver(folder: string, pid: number): boolean {
  try {
    writeFileSync(join(folder, name), JSON.stringify(describe(pid)), { mode: 0o600 });
    return true;
  } catch (error) {
    if (isFileError(error) && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Takes the mark away. */
export function release(folder: string): void {
  rmSync(join(folder, name), { force: true });
}

/** Asks the process that marked a folder to stop, as Ctrl-C does; false when it is not there, or not on this machine. */
export function interruptOwner(folder: string): boolean {
  const owner = parse(readOrNothing(join(folder, name)) ?? '');
  if (owner === undefined || ownershipOf(folder) !== 'alive') return false;
  try {
    return process.kill(owner.pid, 'SIGINT');
  } catch (error) {
    if (isFileError(error) && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Whether the process that marked a folder is still there. */
export function ownershipOf(folder: string): Ownership {
  const text = readOrNothing(join(folder, name));
  if (text === undefined) return 'none';
  const owner = parse(text);
  if (owner === undefined) return 'unknown';
  const here = describe(owner.pid);
  if (owner.machine !== here.machine) return 'unknown';
  // A mark of this machine's earlier life is older than its start; a younger one is of another machine that looks the same.
  if (owner.boot !== here.boot) return isOlderThanStart(join(folder, name)) ? 'dead' : 'unknown';
  if (owner.space !== here.space) return 'unknown';
  return isThere(owner.pid) && owner.started === here.started ? 'alive' : 'dead';
}

function describe(pid: number): Owner {
  const boot = readOrNothing('/proc/sys/kernel/random/boot_id') ?? '';
  // Without an id of its own, a machine that was started again is not told from another one of the same name.
  const id = readOrNothing('/etc/machine-id') ?? boot;
  return {
    machine: createHash('sha256').update(`${hostname()} ${id}`).digest('hex').slice(0, 16),
    boot,
    space: spaceOfProcesses(),
    pid,
    started: startOf(pid),
  };
}

function isOlderThanStart(file: string): boolean {
  try {
    return statSync(file).mtimeMs < Date.now() - uptime() * 1000;
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

function spaceOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    if (isFileError(error)) return '';
    throw error;
  }
}

/** The 22nd field; the second is the program's name, which may hold anything. */
function startOf(pid: number): string {
  const stat = readOrNothing(`/proc/${pid}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (isFileError(error)) return error.code !== 'ESRCH';
    throw error;
  }
}

/** Undefined for half a text: its writer is at it, or was killed at it. */
function parse(text: string): Owner | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && 'pid' in value ? (value as Owner) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
