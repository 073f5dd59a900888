import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { lastValue, type ParsedArguments } from '../args.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { describeFileError, isFileError, openInput, type Input } from '../input.ts';
import { makeFolder, writeOutput } from '../output-file.ts';
import { listBundleFiles } from '../toolchain.ts';
import { count } from '../render.ts';

/** `cellwright compile NB [-o DIR]`: writes the bundle and executes nothing. */
export async function compileCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const { folder, stem, bundle, diagnostics, sources } = input.value;
  const shown = lastValue(parsed, 'output') ?? path.relative(host.cwd, path.join(folder, `${stem}.cellwright`));
  const target = path.resolve(host.cwd, shown);
  const files = listBundleFiles(host.installation, input.value.compilation);
  const problem = writeBundle(target, shown, files);
  if (problem !== undefined) return problem;
  return {
    status: 'ok',
    diagnostics,
    sources,
    text: `${summary(input.value)}\nbundle  ${shown}\n`,
    document: {
      notebook: input.value.path,
      bundle: target,
      notebookDigest: bundle.notebook.digest,
      parameters: bundle.parameters.map(({ name, type, default: value }) => ({ name, type, default: value })),
      tasks: bundle.tasks.map(({ id, name, index, executionCount }) => ({ id, name, index, executionCount })),
      edges: bundle.edges.length,
      files: [...files.keys()].sort(),
    },
  };
}

function summary(input: Input): string {
  const { tasks, edges, parameters } = input.bundle;
  const executed = tasks.filter((task) => task.executionCount > 0).length;
  const parts = [count(executed, 'task'), count(edges.length, 'edge')];
  if (parameters.length > 0) parts.push(`parameters ${parameters.map(({ name }) => name).join(', ')}`);
  return `${input.path}: ${parts.join(', ')}`;
}

/** All files are written beside the folder first and then moved in, `bundle.json` last: with it the bundle exists. */
function writeBundle(target: string, shown: string, files: ReadonlyMap<string, string>): CommandResult | undefined {
  const staging = `${target}.${process.pid}.tmp`;
  try {
    const foreign = findForeign(target, shown);
    if (foreign !== undefined) return foreign;
    for (const [name, text] of files) {
      const problem = writeOutput(path.join(staging, name), text, shown);
      if (problem !== undefined) return problem;
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
    return usage(`${shown} cannot be written: ${describeFileError(error)}.`, 'Name another folder with -o.');
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

const last = 'bundle.json';

function findForeign(target: string, shown: string): CommandResult | undefined {
  const existing = statSync(target, { throwIfNoEntry: false });
  if (existing === undefined) return undefined;
  if (!existing.isDirectory()) return usage(`${shown} is no folder.`, 'Name a folder with -o.');
  const names = readdirSync(target);
  const isForeign = names.length > 0 && !names.includes(last) && !names.some(isRunOutput);
  return isForeign ? usage(`${shown} holds something that is no bundle.`, 'Name another folder with -o.') : undefined;
}

function isRunOutput(name: string): boolean {
  return name.endsWith('.out.ipynb') || name.endsWith('.report.html');
}
