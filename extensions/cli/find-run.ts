import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { defaultState, findRuns, readRun, statesFolder, type KeptRun, type RecordedRun } from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { isThere } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';

/** A run that was named, and its log read. */
export interface FoundRun extends KeptRun {
  readonly run: RecordedRun;
}

/** The states of all notebooks that are kept where nothing else is said. */
export function everyState(host: Host): readonly string[] {
  const folder = statesFolder(host.environment);
  const names = existsSync(folder) ? readdirSync(folder).filter((one) => /^[0-9a-f]{16}$/.test(one)) : [];
  return names.sort().map((one) => path.join(folder, one));
}

/** The states in which runs are looked for: the one of --state, that of a notebook, or all. */
export function findStates(
  host: Host,
  parsed: ParsedArguments,
  notebook: string | undefined,
): Outcome<readonly string[]> {
  const named = lastValue(parsed, 'state');
  if (named !== undefined) {
    const folder = path.resolve(host.cwd, named);
    if (isThere(folder)) return { ok: true, value: [folder] };
    return {
      ok: false,
      result: usage(`There is no folder ${named}.`, 'Name the folder that the run was given with --state.'),
    };
  }
  if (notebook === undefined) return { ok: true, value: everyState(host) };
  const file = notebook === '-' ? host.cwd : path.resolve(host.cwd, notebook);
  if (notebook === '' || !isThere(file)) {
    return {
      ok: false,
      result: usage(`There is no notebook ${notebook}.`, 'cellwright runs lists the runs of all notebooks.'),
    };
  }
  return { ok: true, value: [defaultState(file, host.environment)] };
}

/** True for a word that names a notebook which is there. */
export function isNotebookPath(host: Host, word: string): boolean {
  return /\.(?:ipynb|py|cellwright)\/?$/i.test(word) && isThere(path.resolve(host.cwd, word));
}

/** Reads the run that a word names; a notebook stands for its last run. */
export function findRun(
  host: Host,
  parsed: ParsedArguments,
  { word, notebook }: { readonly word: string; readonly notebook?: string | undefined },
): Outcome<FoundRun> {
  const isNotebook = isNotebookPath(host, word);
  const states = findStates(host, parsed, isNotebook ? word : notebook);
  if (!states.ok) return states;
  const found = findRuns(states.value, isNotebook ? 'last' : word);
  const [first, second] = found;
  const refuse = (message: string, help: string): Outcome<FoundRun> => ({ ok: false, result: usage(message, help) });
  const list = `cellwright runs${notebook === undefined ? '' : ` ${notebook}`} lists them.`;
  if (first === undefined) return refuse(`There is no run ${word}.`, list);
  if (second !== undefined) {
    const some = found.slice(0, 3).map(({ id }) => id);
    return refuse(`${word} may be ${some.join(', ')}${found.length > 3 ? ' …' : ''}.`, 'Give more of the identifier.');
  }
  const run = readRun(first.state, first.id);
  return run === undefined ? refuse(`The log of ${first.id} is gone.`, list) : { ok: true, value: { ...first, run } };
}
