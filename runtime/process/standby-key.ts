import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listFolder } from '../list-folder.ts';
import { readOrNothing } from '../store/local.ts';
import { ofTerminal, type Variables } from '../variables.ts';
import type { Interpreter } from './interpreter.ts';

/** What warm parents are started with. */
export interface ParentStart {
  readonly interpreter: Interpreter;
  /** Path of `worker.py`. */
  readonly script: string;
  readonly store: string;
  readonly cwd: string;
  readonly environment: Variables;
  /** The start state of the cells, packages included. */
  readonly startState: string;
}

/** Digest of all that warm parents have from their start: only a run that would start equal ones may take them. */
export function keyOfStart({ interpreter, script, store, cwd, environment, startState }: ParentStart): string {
  const all = Object.entries({ ...environment, ...interpreter.environment });
  const variables = all.filter(([name]) => !ofTerminal.has(name)).sort();
  const parts = [interpreter.executable, store, cwd, startState, variables, programOf(script), ...limits()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The variables that warm parents take over from the run that they work for. */
export function terminalOf({ environment, interpreter }: ParentStart): Readonly<Record<string, string>> {
  const all = Object.entries({ ...environment, ...interpreter.environment });
  return Object.fromEntries(
    all.flatMap(([name, value]) => (ofTerminal.has(name) && value !== undefined ? [[name, value]] : [])),
  );
}

/** The worker's own files: another version of this program has others. */
function programOf(script: string): readonly string[] {
  const folder = join(dirname(script), 'cellwright_worker');
  const files = listFolder(folder).filter((name) => name.endsWith('.py'));
  return [script, ...files.sort().map((name) => join(folder, name))].map((file) => {
    const { size, mtimeMs, ino } = statSync(file);
    return [file, size, mtimeMs, ino].join(' ');
  });
}

/** Limits that a process inherits, where the system tells of them. */
function limits(): readonly string[] {
  const status = (readOrNothing('/proc/self/status') ?? '').split('\n');
  const inherited = status.filter((line) =>
    /^(?:Umask|Uid|Gid|Groups|Cpus_allowed|Mems_allowed|NoNewPrivs|Cap\w+):/.test(line),
  );
  return [...inherited, ...['limits', 'cgroup'].map((name) => readOrNothing(`/proc/self/${name}`) ?? '')];
}
