import { canonicalJson } from './bundle/canonical.ts';
import type { EffectsProfile } from './bundle/effects-profile.ts';
import type { Bundle } from './bundle/format.ts';
import type { Notebook } from './1-read/notebook.ts';
import { readNotebook } from './1-read/read.ts';
import type { PythonWasm } from './2-analyze/python/parse.ts';
import type { TypeScriptSource } from './2-analyze/typescript/load.ts';
import { headingAbove } from './4-emit/names.ts';
import { compileNotebook, type Compilation } from './compile.ts';
import { loadPythonLanguage, loadTypeScriptLanguages, needsTypeScript, printerOf, type Language } from './languages.ts';

export type { TypeScriptModule, TypeScriptSource } from './2-analyze/typescript/load.ts';
export type { Compilation } from './compile.ts';
export { cannotExport, exportedCells, type ExportedCell } from './4-emit/exported-cells.ts';
export type { Notebook, Cell } from './1-read/notebook.ts';
export { targets } from './4-emit/targets/all.ts';
export type {
  CellProgram,
  CellRunner,
  EmittedFile,
  Emission,
  EngineParameter,
  EngineSettings,
  Target,
} from './4-emit/targets/target.ts';
export { workflowName } from './4-emit/targets/step-names.ts';
export { planForEngines } from './4-emit/engine-plan.ts';
export { projectMark, type ModuleProject } from './4-emit/module-project.ts';
export { projectOf } from './languages.ts';
export { canonicalAddress } from './environment/canonical-address.ts';
export type { Lock, LockedFile, LockedPackage } from './environment/lock.ts';
export { readLock } from './environment/read-lock.ts';
export { requirementLines, type RequirementLines } from './environment/requirement-lines.ts';
export { readScriptMetadata, type ScriptMetadata } from './1-read/script-metadata.ts';
export { writeLock } from './environment/write-lock.ts';
export type { ImageEnvironment } from './4-emit/container/environment.ts';
export { imageFiles, imagePlaces, type ImageOrder } from './4-emit/container/image.ts';
export { packagesEnvironment } from './4-emit/container/packages.ts';
export { programsEnvironment } from './4-emit/container/programs.ts';

/** The compiler, ready to be called any number of times. */
export interface Compiler {
  /** Loads what a notebook's language needs beside Python's parser, once. Without it such a notebook is refused; it rejects when that cannot be found. */
  prepare(bytes: Uint8Array | string, name: string): Promise<void>;
  /**
   * @param name base name of the file; `.py` means percent format
   * @param profile what runs of the notebook observed: the same notebook with the same profile gives the same bundle
   */
  compile(bytes: Uint8Array | string, name: string, profile?: EffectsProfile): Compilation;
}

/**
 * Loads the parser from the bytes of its WebAssembly files; needs no file system and no network.
 * @param typescript where TypeScript's own compiler is found; `typescript.mjs` beside this file when it is not said
 */
export async function createCompiler(wasm: PythonWasm, typescript?: TypeScriptSource): Promise<Compiler> {
  let languages: readonly Language[] = [await loadPythonLanguage(wasm)];
  let more: Promise<readonly Language[]> | undefined;
  return {
    prepare: async (bytes, name) => {
      const read = readNotebook(bytes, name);
      if (!read.ok || !needsTypeScript(read.value)) return;
      more ??= loadTypeScriptLanguages(typescript);
      try {
        languages = [languages[0] as Language, ...(await more)];
      } catch (error) {
        // The next one tries again: a network may have been away.
        more = undefined;
        throw error;
      }
    },
    compile: (bytes, name, profile) => compileNotebook(bytes, name, { languages, profile }),
  };
}

/**
 * The files of a bundle by path, always with the same bytes.
 * @param workerFiles the worker's files by path, which make the bundle self-contained
 */
export function bundleFiles(
  bundle: Bundle,
  notebook: Notebook,
  workerFiles: Readonly<Record<string, string>>,
): Record<string, string> {
  const print = printerOf(notebook);
  const files: Record<string, string> = {
    'bundle.json': `${canonicalJson(bundle)}\n`,
    'notebook.ipynb': `${notebook.document}\n`,
  };
  const refused = new Set(
    bundle.diagnostics.flatMap(({ code, location }) => (code === 'CW201' ? [location?.cell ?? ''] : [])),
  );
  for (const task of bundle.tasks) {
    const cell = notebook.cells[task.index];
    if (cell === undefined || print === undefined) continue;
    files[task.module] = print({
      name: task.name,
      cell: task.lowered === undefined ? cell : { ...cell, source: task.lowered },
      above: headingAbove(notebook.cells, cell.index),
      accesses: task.accesses,
      exposes: task.exposes,
      isRefused: refused.has(cell.id),
    });
  }
  for (const [path, text] of Object.entries(workerFiles)) files[`worker/${path}`] = text;
  return files;
}
