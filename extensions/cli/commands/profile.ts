import path from 'node:path';
import { writeEffectsProfile } from '../../../compiler/bundle/effects-profile.ts';
import { readObservedEffects, updateProfile, type ProfileUpdate } from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { isSameFile, isThere, shownPath } from '../files.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { openNotebook } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { profileBeside, readProfileAt } from '../profile-file.ts';
import { count } from '../render.ts';
import { stateOf } from '../state-folder.ts';

/** `cellwright profile NB [-o FILE]`: writes what runs so far observed into the file that the next compile reads. */
export async function profileCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const [name] = parsed.positionals;
  if (name === undefined || name === '' || name === '-')
    return usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.');
  const named = lastValue(parsed, 'output');
  const found = named === undefined ? undefined : readProfileAt(path.resolve(host.cwd, named), named);
  const opened = await openNotebook(host, name, { values: new Map(), profile: found });
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const target = named === undefined ? profileBeside(input.folder, input.stem) : path.resolve(host.cwd, named);
  const shown = shownPath(host, target);
  if (isSameFile(target, path.resolve(host.cwd, input.path)))
    return usage(`${shown} is the notebook itself.`, 'Name another file with -o.');
  const state = stateOf(host, parsed, input);
  const observed = isThere(state) ? readObservedEffects(state, input.bundle, input.folder) : undefined;
  if (observed === undefined || observed.cells.length + observed.oneProcess.length === 0) {
    const help = `Run it first: cellwright run ${input.path}`;
    return usage(`No run of ${input.path} has observed anything yet.`, help);
  }
  const tried = await openNotebook(host, name, { values: new Map(), profile: { profile: observed, warnings: [] } });
  if (!tried.ok) return tried.result;
  const update = updateProfile(input, { bundle: tried.value.bundle, profile: observed });
  const problem = writeOutput(target, writeEffectsProfile(update.profile), shown);
  if (problem !== undefined) return problem;
  const { profile, added, changed, outdated, unknown } = update;
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: describeUpdate(shown, update),
    document: { notebook: input.path, profile: target, cells: profile.cells.length, added, changed, outdated, unknown },
  };
}

function describeUpdate(shown: string, { profile, added, changed, outdated, unknown }: ProfileUpdate): string {
  const lines = [`${shown}: what runs observed of ${count(profile.cells.length, 'cell')}`];
  const add = (words: string, names: readonly string[]): void => {
    if (names.length > 0) lines.push(`  ${words}  ${names.join(', ')}`);
  };
  add('new     ', added);
  add('more    ', changed);
  add('outdated', outdated);
  add('unknown ', unknown);
  if (profile.oneProcess.length > 0) lines.push(`  all cells ran in one process: ${profile.oneProcess.join('; ')}`);
  return `${lines.join('\n')}\n`;
}
