import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  changedSince,
  freezeRun,
  frozenVersion,
  runFolder,
  writeFrozen,
  type Frozen,
  type ListedModule,
} from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { isThere, shownPath } from '../files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import { frozenFile, placeOf } from '../frozen-file.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { importedModules } from '../imported-modules.ts';
import { openInput, stemOf } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { count } from '../render.ts';
import { programName } from '../version.ts';

/** `cellwright freeze NB`: writes down what the last run was made on, for `run --frozen`. */
export async function freezeCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const [notebook] = parsed.positionals;
  if (notebook === undefined) return usage('Freeze which notebook?', 'Name one that has been run.');
  const found = findRun(host, parsed, { word: lastValue(parsed, 'run') ?? 'last', notebook });
  if (!found.ok) return found.result;
  const problem = whyNot(found.value, notebook);
  if (problem !== undefined) return problem;
  const { run, state, id } = found.value;
  const full = path.resolve(host.cwd, notebook);
  const folder = path.dirname(full);
  const executed = readFileSync(path.join(runFolder(state, id), 'notebook.ipynb'), 'utf8');
  const modules = await modulesOf(host, parsed, run);
  if (!modules.ok) return modules.result;
  const facts = freezeRun(run, placeOf(folder, executed), modules.value);
  const frozen: Frozen = {
    formatVersion: frozenVersion,
    notebook: path.basename(full),
    ...facts,
    environment: hasFlag(parsed, 'no-environment') ? null : facts.environment,
    made: { at: new Date().toISOString(), by: programName, run: id },
  };
  const file = frozenFile(host, lastValue(parsed, 'output'), { folder, stem: stemOf(full) });
  const failed = writeOutput(file, writeFrozen(frozen), shownPath(host, file));
  if (failed !== undefined) return failed;
  const packages =
    frozen.environment === null ? 'no environment' : count(frozen.environment.packages.length, 'package');
  const counts = [
    count(frozen.cells.length, 'cell'),
    count(frozen.parameters.length, 'parameter'),
    count(frozen.files.length, 'file'),
  ];
  return {
    status: 'ok',
    diagnostics: [],
    text: `${shownPath(host, file)}: ${counts.join(', ')}, ${packages} of run ${id}\ncellwright run --frozen ${notebook} runs on nothing else\n`,
    document: { notebook: full, run: id, file, cells: frozen.cells.length, files: frozen.files.length },
  };
}

/** What the cells import, where no lock of the run says it: the files that they were read from are as they were then. */
async function modulesOf(
  host: Host,
  parsed: ParsedArguments,
  { environment, started }: FoundRun['run'],
): Promise<Outcome<readonly ListedModule[] | undefined>> {
  const isListed = environment?.caches === undefined || started?.origin.lock !== undefined;
  if (isListed || hasFlag(parsed, 'no-environment')) return { ok: true, value: undefined };
  const input = await openInput(host, parsed);
  return input.ok ? await importedModules(host, parsed, { input: input.value, lock: undefined }) : input;
}

/** A run that gave no whole result, or that nobody could make again, is not worth to be frozen. */
function whyNot({ run, state, id }: FoundRun, notebook: string): CommandResult | undefined {
  const again = `Run it first: cellwright run ${notebook}`;
  const isWhole = [...run.tasks.values()].every(({ number }) => number !== undefined) && run.environment !== undefined;
  if (run.status !== 'ok' || !isWhole || !isThere(path.join(runFolder(state, id), 'notebook.ipynb'))) {
    return usage(`Run ${id} did not come to a good end, so there is nothing to freeze.`, again);
  }
  if (run.lane !== undefined && run.together === undefined) return usage(`It is not known what run ${id} read.`, again);
  if (run.tasks.size < (run.started?.tasks ?? 0)) return usage(`Run ${id} ran only a part of the notebook.`, again);
  const [changed, ...others] = changedSince(state, run);
  if (changed === undefined) return undefined;
  const more = others.length === 0 ? '' : ` and ${count(others.length, 'other file')}`;
  return usage(
    `${changed}${more} changed after run ${id}.`,
    `Run it again on what is there now: cellwright run ${notebook}`,
  );
}
