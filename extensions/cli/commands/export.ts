import { readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import { cannotExport, exportedCells, projectOf } from '../../../compiler/index.ts';
import { exportPackage, type PackageAnswer } from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { writeExportedFolder } from '../exported-folder.ts';
import { shownPath, statOf } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { exportProject } from '../export-project.ts';
import { openInput, type Input } from '../input.ts';
import { findTypes } from '../observed-types.ts';
import { writeOutput } from '../output-file.ts';
import { findPlace, type Place } from '../state-folder.ts';

/** `cellwright export NB --modules DIR`: a package or project of its cells. Executes nothing. */
export async function exportCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const hook = lastValue(parsed, 'hook');
  if (hook !== undefined) return writeHook(host, parsed, hook);
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const project = input.compilation.notebook === undefined ? undefined : projectOf(input.compilation.notebook);
  if (project !== undefined) return exportProject(host, parsed, { input, project });
  const target = findTarget(host, parsed);
  if (!target.ok) return target.result;
  const place = findPlace(host, parsed, input);
  if (!place.ok) return place.result;
  const written = makePackage(host, { input, place: place.value, name: path.basename(target.value) });
  if (!written.ok) return written.result;
  const shown = shownPath(host, target.value);
  const problem = writePackage(target.value, shown, written.value.files);
  if (problem !== undefined) return problem;
  return describe(input, { shown, target: target.value, made: written.value });
}

const hookName = 'notebook_import.py';

/** `cellwright export --hook DIR`: the module that lets Python import notebooks. */
function writeHook(host: Host, parsed: ParsedArguments, folder: string): CommandResult {
  if (parsed.positionals.length > 0 || lastValue(parsed, 'modules') !== undefined) {
    return usage(
      '--hook writes a module that is the same for all notebooks.',
      'Name no notebook, or export it on its own.',
    );
  }
  const file = path.resolve(host.cwd, folder, hookName);
  const shown = shownPath(host, file);
  const text = readFileSync(path.join(host.installation, 'python', hookName), 'utf8');
  const existing = statOf(file)?.isFile() === true ? readFileSync(file, 'utf8') : undefined;
  if (existing !== undefined && !existing.startsWith(text.split('\n', 1)[0] ?? '')) {
    return usage(`${shown} is another module.`, 'Name another folder with --hook.');
  }
  const problem = writeOutput(file, text, shown);
  if (problem !== undefined) return problem;
  return { status: 'ok', diagnostics: [], text: `module  ${shown}\n`, document: { hook: file } };
}

function findTarget(host: Host, parsed: ParsedArguments): Outcome<string> {
  const asked = lastValue(parsed, 'modules');
  if (asked === undefined) {
    return {
      ok: false,
      result: usage(
        'Nothing to export was named.',
        'Name the folder of the package with --modules DIR, or of the import hook with --hook DIR.',
      ),
    };
  }
  const target = path.resolve(host.cwd, asked);
  const name = path.basename(target);
  if (/^[A-Za-z_]\w*$/.test(name)) return { ok: true, value: target };
  const help = `Name a folder that Python can import, such as ${name.replace(/\W+/g, '_').replace(/^(?=\d|$)/, 'p_')}.`;
  return { ok: false, result: usage(`No package can be called ${name}.`, help) };
}

/** A notebook that becomes a package. */
export interface Asked {
  readonly input: Input;
  readonly place: Place;
  /** The name that the package is imported by. */
  readonly name: string;
}

/** The package of a notebook, or why there is none. */
export function makePackage(host: Host, { input, place, name }: Asked): Outcome<PackageAnswer> {
  const { bundle, compilation, folder, diagnostics, sources } = input;
  const notebook = compilation.notebook;
  const refuse = (problems: readonly Diagnostic[]): Outcome<never> => {
    const all = [...diagnostics, ...problems];
    return {
      ok: false,
      result: { status: 'refused', diagnostics: all, text: '', document: { notebook: input.path }, sources },
    };
  };
  if (notebook === undefined) return refuse([]);
  const { cells, problems } = exportedCells(bundle, notebook);
  const made = exportPackage(
    {
      name: path.basename(input.path),
      package: name,
      folder,
      cells,
      parameters: bundle.parameters.map((parameter) => ({ name: parameter.name, default: parameter.default })),
      parametersCell: bundle.parametersCell ?? '',
      types: findTypes(host, { input, place }),
    },
    {
      script: path.join(host.installation, 'python', 'export_package.py'),
      cwd: folder,
      python: place.python,
      kernel: place.kernel ?? bundle.notebook.kernelName,
      environment: host.environment,
    },
  );
  if (!made.ok) return refuse([...problems, made.error]);
  if (made.value.problems.length === 0 && problems.length === 0) return { ok: true, value: made.value };
  const tasks = new Map(bundle.tasks.map((task) => [task.id, task]));
  const others = made.value.problems.flatMap(({ cell, line, message, help }) => {
    const task = tasks.get(cell);
    return task === undefined ? [] : [cannotExport(task, { line, why: message, help })];
  });
  return refuse([...problems, ...others]);
}

const first = '__init__.py';
const mark = '# Written by cellwright export; writing it again replaces these files.\n';

const ours: ReadonlySet<string> = new Set([
  first,
  '__main__.py',
  'pipeline.py',
  'tasks.py',
  'definitions.py',
  'display.py',
  '__pycache__',
]);

/** A folder is written into when it is empty, or holds what an export wrote and nothing else. */
export function writePackage(
  target: string,
  shown: string,
  files: Readonly<Record<string, string>>,
): CommandResult | undefined {
  return writeExportedFolder({
    target,
    shown,
    files: { ...files, [first]: mark + (files[first] ?? '') },
    foreign: (names) => {
      if (names.length === 0) return undefined;
      const isOurs =
        names.includes(first) &&
        names.every((name) => ours.has(name)) &&
        readFileSync(path.join(target, first), 'utf8').startsWith(mark);
      return isOurs ? undefined : usage(`${shown} holds something that export did not write.`, 'Name another folder.');
    },
    moveIn: (staging) => {
      for (const name of readdirSync(target)) {
        // What an earlier export wrote and this one does not.
        if (name.endsWith('.py') && !Object.hasOwn(files, name)) rmSync(path.join(target, name));
      }
      for (const name of readdirSync(staging)) renameSync(path.join(staging, name), path.join(target, name));
    },
  });
}

interface Written {
  readonly shown: string;
  readonly target: string;
  readonly made: PackageAnswer;
}

function describe(input: Input, { shown, target, made }: Written): CommandResult {
  const { functions, definitions, stays, files } = made;
  const numbers = new Map(input.bundle.tasks.map((task) => [task.id, task.executionCount]));
  const rows = functions.map(
    ([cell, name, inputs, outputs]) =>
      `  [${numbers.get(cell) ?? 0}] ${name}(${inputs.join(', ')})${outputs.length === 0 ? '' : ` -> ${outputs.join(', ')}`}`,
  );
  const kept = Object.entries(stays).map(([name, why]) => `  ${name} is defined in the function of its cell: ${why}`);
  const lists = definitions.length === 0 ? [] : [`  definitions: ${definitions.join(', ')}`];
  const lines = [...rows, ...lists, ...kept, `package  ${shown}`];
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `${lines.join('\n')}\n`,
    document: {
      notebook: input.path,
      package: target,
      files: Object.keys(files).sort(),
      functions: functions.map(([cell, name, inputs, outputs]) => ({ id: cell, name, inputs, outputs })),
      definitions,
      stays,
    },
  };
}
