import { readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { projectMark, type ModuleProject, type projectOf } from '../../compiler/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { writeExportedFolder } from './exported-folder.ts';
import { isThere, shownPath } from './files.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import type { Input } from './input.ts';

interface Asked {
  readonly input: Input;
  readonly project: NonNullable<ReturnType<typeof projectOf>>;
}

/** `cellwright export NB --modules DIR` where cells become modules that run by themselves: a module a cell, and `main.ts`. Executes nothing. */
export function exportProject(host: Host, parsed: ParsedArguments, { input, project }: Asked): CommandResult {
  const { bundle, compilation, folder, diagnostics, sources } = input;
  const asked = lastValue(parsed, 'modules');
  if (asked === undefined)
    return usage('Nothing to export was named.', 'Name the folder of the modules with --modules DIR.');
  const { notebook } = compilation;
  const document = { notebook: input.path };
  if (notebook === undefined) return { status: 'refused', diagnostics, text: '', document, sources };
  const target = path.resolve(host.cwd, asked);
  const way = path.relative(path.join(target, 'cells'), folder).split(path.sep).join('/');
  const made = project(bundle, notebook, way);
  if (made.problems.length > 0)
    return { status: 'refused', diagnostics: [...diagnostics, ...made.problems], text: '', document, sources };
  const shown = shownPath(host, target);
  return writeProject(target, shown, made.files) ?? describe(input, made, { target, shown });
}

const [main, cells, display] = ['main.ts', 'cells', 'display.ts'];

/** A folder is written into when it is empty, or has what an export wrote; what is beside that is left alone. */
function writeProject(target: string, shown: string, files: ModuleProject['files']): CommandResult | undefined {
  return writeExportedFolder({
    target,
    shown,
    files,
    foreign: (names) => {
      const [taken] = [main, cells, display].filter((name) => names.includes(name));
      if (taken === undefined) return undefined;
      const isOurs = names.includes(main) && readFileSync(path.join(target, main), 'utf8').startsWith(projectMark);
      return isOurs ? undefined : usage(`${shown} holds a ${taken} that export did not write.`, 'Name another folder.');
    },
    moveIn: (staging) => {
      for (const name of [cells, display, main]) {
        rmSync(path.join(target, name), { recursive: true, force: true });
        if (isThere(path.join(staging, name))) renameSync(path.join(staging, name), path.join(target, name));
      }
    },
  });
}

function describe(
  input: Input,
  { modules, files }: ModuleProject,
  { target, shown }: { readonly target: string; readonly shown: string },
): CommandResult {
  const rows = modules.map(({ number, file, imports, values }) => {
    const given = values.length === 0 ? '' : ` -> ${values.join(', ')}`;
    return `  [${number}] ${file}(${imports.join(', ')})${given}`;
  });
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `${[...rows, `project  ${shown}`].join('\n')}\n`,
    document: {
      notebook: input.path,
      package: target,
      files: Object.keys(files).sort(),
      functions: modules.map(({ id, file, imports, values }) => ({ id, name: file, inputs: imports, outputs: values })),
      definitions: [],
      stays: {},
    },
  };
}
