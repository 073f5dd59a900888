import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { EmittedFile } from '../../compiler/index.ts';
import { isThere, statOf } from './files.ts';
import { usage, type CommandResult } from './host.ts';
import { prepareFolder, writeOneOfMany, writeProgram } from './output-file.ts';

const list = 'emitted.json';

/** A project to write. */
export interface Project {
  /** The folder as people want to read it. */
  readonly shown: string;
  /** What it was emitted for. */
  readonly target: string;
  readonly files: readonly EmittedFile[];
  /** Others that are put there afterwards. */
  readonly copied?: readonly string[];
}

/** Writes a project; what an earlier one had and this one has not is removed, and nothing else is touched. */
export function writeProject(
  folder: string,
  { shown, target, files, copied = [] }: Project,
): CommandResult | undefined {
  const before = filesBefore(folder);
  if (before === undefined)
    return usage(`${shown} holds something that was not emitted.`, 'Name another folder with -o.');
  const failed = prepareFolder(folder, 'Name another folder with -o.');
  if (failed !== undefined) return failed;
  const now = new Set([...files.map((file) => file.path), ...copied]);
  for (const old of before) if (!now.has(old)) rmSync(path.join(folder, old), { force: true });
  const marker = { path: list, text: `${canonicalJson({ formatVersion: 1, target, files: [...now].sort() })}\n` };
  const all: readonly EmittedFile[] = [marker, ...files];
  for (const file of all) {
    const write = file.isProgram === true ? writeProgram : writeOneOfMany;
    const problem = write(path.join(folder, file.path), file.text, shown);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The files that an earlier emission wrote there; undefined for a folder of something else. */
function filesBefore(folder: string): readonly string[] | undefined {
  if (statOf(folder)?.isDirectory() !== true) return isThere(folder) ? undefined : [];
  const marker = path.join(folder, list);
  if (!existsSync(marker)) return readdirSync(folder).length === 0 ? [] : undefined;
  try {
    const { files } = JSON.parse(readFileSync(marker, 'utf8')) as { readonly files?: unknown };
    if (!Array.isArray(files)) return undefined;
    // Nothing outside of the folder, whoever has written the list.
    return files.filter((file): file is string => typeof file === 'string' && isInside(file));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isInside(file: string): boolean {
  return !path.isAbsolute(file) && !file.split('/').includes('..');
}
