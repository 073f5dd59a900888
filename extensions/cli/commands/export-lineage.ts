import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describeCrate, describeCrateForPeople, openLineageEvents, runFolder } from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { isFolder, isThere, shownPath } from '../files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { stemOf } from '../input.ts';
import { prepareFolder, writeOutput } from '../output-file.ts';
import { count } from '../render.ts';

/** `cellwright export-lineage RUN`: the record of a run in the words of other programs. */
export async function exportLineageCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const [word, notebook] = parsed.positionals;
  if (word === undefined) return usage('The lineage of which run?', 'Name a run, or last; cellwright runs lists them.');
  const format = lastValue(parsed, 'format') ?? 'openlineage';
  if (format !== 'openlineage' && format !== 'ro-crate') {
    return usage(`There is no format ${format}.`, 'The formats are openlineage and ro-crate.');
  }
  const found = findRun(host, parsed, { word, notebook });
  if (!found.ok) return found.result;
  const named = lastValue(parsed, 'output');
  if (format === 'openlineage') return writeEvents(host, found.value, named);
  if (named === undefined) return usage('An RO-Crate is a folder.', 'Name it with -o DIR.');
  return writeCrate(host, found.value, {
    folder: path.resolve(host.cwd, named),
    license: lastValue(parsed, 'license'),
  });
}

function writeEvents(host: Host, { run, id }: FoundRun, named: string | undefined): CommandResult {
  const events = openLineageEvents(run);
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const document = { run: id, format: 'openlineage', events };
  if (named === undefined || named === '-')
    return { status: 'ok', diagnostics: [], text: lines, document: { ...document, path: null } };
  const file = path.resolve(host.cwd, named);
  const problem = writeOutput(file, lines, shownPath(host, file));
  if (problem !== undefined) return problem;
  const text = `${shownPath(host, file)}: ${count(events.length, 'event')} of run ${id}\n`;
  return { status: 'ok', diagnostics: [], text, document: { ...document, path: file } };
}

function writeCrate(
  host: Host,
  { run, state, id }: FoundRun,
  { folder, license }: { readonly folder: string; readonly license: string | undefined },
): CommandResult {
  const source = runFolder(state, id);
  const executed = path.join(source, 'notebook.ipynb');
  if (!isThere(executed)) return usage(`Run ${id} has no executed notebook.`, 'Name a run that came to its end.');
  if (isThere(folder) && (!isFolder(folder) || readdirSync(folder).length > 0)) {
    return usage(`${shownPath(host, folder)} is not an empty folder.`, 'Name a new folder with -o.');
  }
  const problem = prepareFolder(folder, 'Name another folder with -o.');
  if (problem !== undefined) return problem;
  const notebook = `${encodeURIComponent(stemOf(run.started?.origin.notebook ?? 'notebook'))}.ipynb`;
  const log = 'events.jsonl';
  const input = { run, notebook, log, license };
  const files = {
    [notebook]: readFileSync(executed, 'utf8'),
    [log]: readFileSync(path.join(source, log), 'utf8'),
    'README.md': describeCrateForPeople(input),
    'ro-crate-metadata.json': describeCrate(input),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    const failed = writeOutput(file, text, shownPath(host, file));
    if (failed !== undefined) return failed;
  }
  const text = `${shownPath(host, folder)}: RO-Crate of run ${id}; data is named and not copied\n`;
  return { status: 'ok', diagnostics: [], text, document: { run: id, format: 'ro-crate', events: [], path: folder } };
}
