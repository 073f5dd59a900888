import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { makeFolder } from './output-file.ts';

/** Files that cells read and that are there before the notebook runs. */
export interface EmittedInputs {
  /** From the notebook's folder, with slashes. */
  readonly copied: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** More than this is data for a store, not part of a project. */
const mostBytes = 100 * 2 ** 20;

/** Which files of the notebook's folder a container needs beside the project. */
export function findInputs({ cells }: EnginePlan, folder: string): EmittedInputs {
  const written = new Set(cells.flatMap(({ files }) => files.writes));
  const read = new Set(cells.flatMap(({ files }) => files.reads).filter((name) => !written.has(name)));
  const copied: string[] = [];
  const left: string[] = [];
  let total = 0;
  for (const name of [...read].sort()) {
    const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
    if (found?.isFile() !== true) continue;
    const isOutside = path.isAbsolute(name) || name.split('/').includes('..');
    if (isOutside || total + found.size > mostBytes) left.push(name);
    else {
      total += found.size;
      copied.push(name);
    }
  }
  return { copied, diagnostics: left.length === 0 ? [] : [notCopied(left)] };
}

function notCopied(names: readonly string[]): Diagnostic {
  return {
    code: 'CW832',
    severity: 'warning',
    message: `Not in the project, and so not in a container: ${names.join(', ')}.`,
    help: 'Read it from an address, or put it into the image and name the folder with CELLWRIGHT_CWD. Runs on this machine read it where it is.',
    related: [],
  };
}

/** Copies them into the folder `files` of the project. */
export function copyInputs(project: string, folder: string, names: readonly string[]): void {
  for (const name of names) {
    const target = path.join(project, 'files', name);
    makeFolder(path.dirname(target));
    copyFileSync(path.join(folder, name), target);
  }
}
