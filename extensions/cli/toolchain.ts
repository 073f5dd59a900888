import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import { bundleFiles, createCompiler, type Compilation, type Compiler } from '../../compiler/index.ts';

let compiler: Promise<Compiler> | undefined;

/** What is compiled. */
export interface NotebookText {
  readonly bytes: Uint8Array | string;
  readonly name: string;
  /** What runs of it observed. */
  readonly profile?: EffectsProfile | undefined;
}

/** Compiles with the parser that is installed beside the program; it is loaded once. */
export async function compileNotebook(installation: string, notebook: NotebookText): Promise<Compilation> {
  const wasm = (file: string): Uint8Array => readFileSync(path.join(installation, file));
  compiler ??= createCompiler({
    runtimeWasm: wasm('web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python.wasm'),
  });
  const { bytes, name, profile } = notebook;
  const ready = await compiler;
  await ready.prepare(bytes, name);
  return ready.compile(bytes, name, profile);
}

/** The files of the bundle, with the worker, so that it stands alone. */
export function listBundleFiles(installation: string, { bundle, notebook }: Compilation): ReadonlyMap<string, string> {
  if (bundle === undefined || notebook === undefined) return new Map();
  const folder = path.join(installation, 'python');
  const workerFiles: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.py'))
      workerFiles[name.replaceAll(path.sep, '/')] = readFileSync(path.join(folder, name), 'utf8');
  }
  return new Map(Object.entries(bundleFiles(bundle, notebook, workerFiles)));
}

/** True when the file is no notebook at all, in contrast to a notebook that is refused. */
export function isUnreadable(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ code }) => /^CW[13]0/.test(code));
}
