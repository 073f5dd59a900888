import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { newRunId, readDocument } from '../../runtime/index.ts';
import type { Program } from './call-command.ts';
import { errorCodes, type CommandDocument } from './protocol.ts';
import { refused } from './refused.ts';

/** What is started. */
export interface Starting {
  readonly notebook: string;
  /** Options of `cellwright run`, already looked at. */
  readonly words: readonly string[];
  readonly folder: string;
  /** The state folder of the notebook. */
  readonly state: string;
}

/** Milliseconds between two looks at whether the log of the run is there. */
const look = 25;

/**
 * Starts a run in a process group of its own, which goes on when the service ends, and waits until its log is there. Rejects with what the
 * command says when it ends before.
 */
export async function startDetached(program: Program, { notebook, words, folder, state }: Starting): Promise<string> {
  const run = newRunId();
  const place = path.join(state, 'runs', run);
  mkdirSync(place, { recursive: true });
  const files = { document: path.join(place, 'document.json'), complaints: path.join(place, 'complaints.txt') };
  const [node = process.execPath, ...program_] = program.command;
  const out = openSync(files.document, 'w', 0o600);
  const err = openSync(files.complaints, 'w', 0o600);
  const all = [...program_, 'run', notebook, '--json', '--follow-as', run, ...stateWords(program), ...words];
  const child = spawn(node, all, {
    cwd: folder,
    env: program.environment,
    detached: true,
    stdio: ['ignore', out, err],
  });
  closeSync(out);
  closeSync(err);
  const ended: { code?: number | Error } = {};
  child.once('error', (error) => (ended.code = error));
  child.once('exit', (code) => (ended.code ??= code ?? 1));
  child.unref();
  // The runs of a matrix have its name and a number.
  const logs = [run, `${run}-0001`].map((name) => path.join(state, 'runs', name, 'events.jsonl'));
  const hasBegun = (): boolean => logs.some((log) => existsSync(log));
  while (ended.code === undefined && !hasBegun()) await new Promise((resolve) => setTimeout(resolve, look));
  if (hasBegun()) return run;
  throw notStarted(ended.code ?? 1, { ...files, place });
}

function stateWords({ state }: Program): readonly string[] {
  return state === undefined ? [] : ['--state', state];
}

function notStarted(
  end: number | Error,
  { document, complaints, place }: Record<'document' | 'complaints' | 'place', string>,
): Error {
  const said = readDocument(document) as CommandDocument | undefined;
  const complained = readFileSync(complaints, 'utf8').trim();
  rmSync(place, { recursive: true, force: true });
  const first = said?.diagnostics.find(({ severity }) => severity === 'error');
  const why =
    first === undefined
      ? `${end instanceof Error ? end.message : `it ended with ${end}`}${complained === '' ? '' : `: ${complained}`}`
      : `${first.message} ${first.help}`;
  return refused(errorCodes.notStarted, why, said);
}
