import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lastValue, type ParsedArguments } from '../args.ts';
import { rememberCompiled } from '../compiled-here.ts';
import { fileProblem, usage, type CommandResult, type Host } from '../host.ts';
import { describeFileError, isFileError, shownPath, statOf } from '../files.ts';
import { openInput } from '../input.ts';
import { makeFolder, temporaryBeside } from '../output-file.ts';
import { listBundleFiles } from '../toolchain.ts';
import { overviewOf, renderOverview } from '../overview.ts';

/** `cellwright compile NB [-o DIR]`: writes the bundle and executes nothing. */
export async function compileCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const { folder, stem, bundle, diagnostics, sources } = input.value;
  const shown = lastValue(parsed, 'output') ?? shownPath(host, path.join(folder, `${stem}.cellwright`));
  const target = path.resolve(host.cwd, shown);
  const files = listBundleFiles(host.installation, input.value.compilation);
  const problem = writeBundle(target, shown, files);
  if (problem !== undefined) return problem;
  rememberCompiled(host, files.get(last) ?? '');
  return {
    status: 'ok',
    diagnostics,
    sources,
    text: `${renderOverview(bundle, input.value.path)}bundle  ${shown}\n`,
    document: {
      notebook: input.value.path,
      bundle: target,
      notebookDigest: bundle.notebook.digest,
      parameters: bundle.parameters.map(({ name, type, default: value }) => ({ name, type, default: value })),
      tasks: bundle.tasks.map(({ id, name, index, executionCount }) => ({ id, name, index, executionCount })),
      edges: bundle.edges.length,
      ...overviewOf(bundle),
      files: [...files.keys()].sort(),
    },
  };
}

const last = 'bundle.json';

/** All files are written beside the folder first and then moved in, `bundle.json` last: with it the bundle exists. */
function writeBundle(target: string, shown: string, files: ReadonlyMap<string, string>): CommandResult | undefined {
  const staging = temporaryBeside(target);
  try {
    const foreign = findForeign(target, shown);
    if (foreign !== undefined) return foreign;
    for (const [name, text] of files) {
      const file = path.join(staging, name);
      makeFolder(path.dirname(file));
      // What a run reads must be on the disk when the bundle appears; the modules are for people.
      writeFileSync(file, text, { flush: !name.includes('/') });
    }
    makeFolder(target);
    const names = readdirSync(staging).sort((left, right) => Number(left === last) - Number(right === last));
    for (const name of names) {
      if (name !== last) rmSync(path.join(target, name), { recursive: true, force: true });
      renameSync(path.join(staging, name), path.join(target, name));
    }
    return undefined;
  } catch (error) {
    if (!isFileError(error)) throw error;
    return fileProblem(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another folder with -o.');
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** What a bundle consists of; nothing else in its folder is touched. */
const parts: ReadonlySet<string> = new Set([last, 'notebook.ipynb', 'tasks', 'worker']);

/** A folder is written into when it is empty, holds results of a run alone, or holds a bundle already. */
function findForeign(target: string, shown: string): CommandResult | undefined {
  const existing = statOf(target);
  if (existing === undefined) return undefined;
  if (!existing.isDirectory()) return usage(`${shown} is no folder.`, 'Name a folder with -o.');
  const names = readdirSync(target);
  const hasParts = names.includes(last) && names.every((name) => parts.has(name) || isRunOutput(name));
  const isFree = names.every(isRunOutput) || hasParts || (names.includes(last) && isBundle(path.join(target, last)));
  return isFree ? undefined : usage(`${shown} holds something that is no bundle.`, 'Name another folder with -o.');
}

function isRunOutput(name: string): boolean {
  return name.endsWith('.out.ipynb') || name.endsWith('.report.html');
}

/** True for a file that `compile` wrote, in this version or another. */
function isBundle(file: string): boolean {
  return /"formatVersion":\d+,"notebook":\{"digest":"sha256:/.test(readFileSync(file, 'utf8'));
}
