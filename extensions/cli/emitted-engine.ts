import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { EmittedFile } from '../../compiler/index.ts';
import { languageOfNotebook } from '../../runtime/index.ts';
import type { ParsedArguments } from './args.ts';
import type { Host } from './host.ts';
import type { Input } from './input.ts';
import { findModuleLock, moduleLocksOf } from './module-lock.ts';

/** What steps need that run no cells of Python: the worker of the language, and the lock of modules beside the notebook. */
export function filesOfEngine(host: Host, parsed: ParsedArguments, input: Input): readonly EmittedFile[] {
  const { stepFiles } = languageOfNotebook(input.bundle.notebook.language);
  const worker = stepFiles.map((name) => ({
    path: `bundle/worker/${name}`,
    text: readFileSync(path.join(host.installation, name), 'utf8'),
  }));
  const locks = moduleLocksOf(parsed, input);
  const lock = locks === undefined ? undefined : findModuleLock(locks, input);
  if (lock === undefined) return worker;
  return [...worker, { path: 'bundle/deno.lock', text: readFileSync(lock, 'utf8') }];
}
