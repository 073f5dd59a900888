import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { newRunId } from '../../runtime/index.ts';
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
  const ended = new Promise<number | Error>((resolve) => {
    child.once('error', resolve);
    child.once('exit', (code) => resolve(code ?? 1));
  });
  child.unref();
  const end = await Promise.race([
    ended,
    untilThere(path.join(place, 'events.jsonl'), ended),
    untilThereOf(state, run, ended),
  ]);
  if (end === 'there' || existsSync(path.join(place, 'events.jsonl'))) return run;
  throw notStarted(end, { ...files, place });
}

function stateWords({ state }: Program): readonly string[] {
  return state === undefined ? [] : ['--state', state];
}

async function untilThere(file: string, ended: Promise<unknown>): Promise<'there' | number> {
  const over = new AbortController();
  void ended.then(() => over.abort());
  while (!over.signal.aborted) {
    if (existsSync(file)) return 'there';
    await new Promise((resolve) => setTimeout(resolve, look));
  }
  // The other promise tells.
  return await new Promise<number>(() => undefined);
}

/** The runs of a matrix have its name and a number. */
async function untilThereOf(state: string, run: string, ended: Promise<unknown>): Promise<'there' | number> {
  return await untilThere(path.join(state, 'runs', `${run}-0001`, 'events.jsonl'), ended);
}

function notStarted(
  end: number | Error,
  { document, complaints, place }: Record<'document' | 'complaints' | 'place', string>,
): Error {
  const said = readDocument(document);
  const complained = readFileSync(complaints, 'utf8').trim();
  rmSync(place, { recursive: true, force: true });
  const first = said?.diagnostics.find(({ severity }) => severity === 'error');
  const why =
    first === undefined
      ? `${end instanceof Error ? end.message : `it ended with ${end}`}${complained === '' ? '' : `: ${complained}`}`
      : `${first.message} ${first.help}`;
  return refused(errorCodes.notStarted, why, said);
}

function readDocument(file: string): CommandDocument | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CommandDocument;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
