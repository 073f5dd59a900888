import { canonicalJson } from './bundle/canonical.ts';
import type { EffectsProfile } from './bundle/effects-profile.ts';
import type { Bundle } from './bundle/format.ts';
import type { Notebook } from './1-read/notebook.ts';
import type { LanguageAnalyzer } from './2-analyze/effects.ts';
import { createPythonAnalyzer } from './2-analyze/python/analyzer.ts';
import { loadPythonParser } from './2-analyze/python/parse.ts';
import { headingAbove } from './4-emit/names.ts';
import { printModule } from './4-emit/python.ts';
import { compileNotebook, type Compilation } from './compile.ts';

export type { Compilation } from './compile.ts';
export { cannotExport, exportedCells, type ExportedCell } from './4-emit/exported-cells.ts';
export type { Notebook, Cell } from './1-read/notebook.ts';
export { targets } from './4-emit/targets/all.ts';
export type { EmittedFile, Emission, EngineParameter, EngineSettings, Target } from './4-emit/targets/target.ts';
export { workflowName } from './4-emit/targets/step-names.ts';
export { planForEngines } from './4-emit/engine-plan.ts';
export { canonicalAddress } from './environment/canonical-address.ts';
export type { Lock, LockedFile, LockedPackage } from './environment/lock.ts';
export { readLock } from './environment/read-lock.ts';
export { requirementLines, type RequirementLines } from './environment/requirement-lines.ts';
export { readScriptMetadata, type ScriptMetadata } from './1-read/script-metadata.ts';
export { writeLock } from './environment/write-lock.ts';
export { imageFiles, type ImageOrder } from './4-emit/container/image.ts';

/** The compiler, ready to be called any number of times. */
export interface Compiler {
  /**
   * @param name base name of the file; `.py` means percent format
   * @param profile what runs of the notebook observed: the same notebook with the same profile gives the same bundle
   */
  compile(bytes: Uint8Array | string, name: string, profile?: EffectsProfile): Compilation;
}

/** Loads the parser from the bytes of its WebAssembly files; needs no file system and no network. */
export async function createCompiler(wasm: {
  readonly runtimeWasm: Uint8Array;
  readonly languageWasm: Uint8Array;
}): Promise<Compiler> {
  const analyzers = [remembering(createPythonAnalyzer(await loadPythonParser(wasm)))];
  return { compile: (bytes, name, profile) => compileNotebook(bytes, name, { analyzers, profile }) };
}

/** So many cells are kept in memory: those of a large notebook, and of the same with other parameters. */
const mostCells = 1000;

/** The same analyzer, which looks at each cell once: variants of a notebook have all cells but one in common. */
function remembering(analyzer: LanguageAnalyzer): LanguageAnalyzer {
  const known = new Map<string, ReturnType<LanguageAnalyzer['analyzeCell']>>();
  return {
    ...analyzer,
    analyzeCell: (source, cell) => {
      const key = JSON.stringify([source, cell.id, cell.index]);
      const found = known.get(key) ?? analyzer.analyzeCell(source, cell);
      known.delete(key);
      known.set(key, found);
      const [oldest] = known.size > mostCells ? known.keys() : [];
      if (oldest !== undefined) known.delete(oldest);
      return found;
    },
  };
}

/**
 * The files of a bundle by path, always with the same bytes.
 * @param workerFiles the worker's Python files by path, which make the bundle self-contained
 */
export function bundleFiles(
  bundle: Bundle,
  notebook: Notebook,
  workerFiles: Readonly<Record<string, string>>,
): Record<string, string> {
  const imports = importLines(notebook);
  const files: Record<string, string> = {
    'bundle.json': `${canonicalJson(bundle)}\n`,
    'notebook.ipynb': `${notebook.document}\n`,
  };
  const refused = new Set(
    bundle.diagnostics.flatMap(({ code, location }) => (code === 'CW201' ? [location?.cell ?? ''] : [])),
  );
  for (const task of bundle.tasks) {
    const cell = notebook.cells[task.index];
    if (cell === undefined) continue;
    files[task.module] = printModule({
      name: task.name,
      cell,
      above: headingAbove(notebook.cells, cell.index),
      accesses: task.accesses,
      exposes: task.exposes,
      imports,
      isRefused: refused.has(cell.id),
    });
  }
  for (const [path, text] of Object.entries(workerFiles)) files[`worker/${path}`] = text;
  return files;
}

/** One-name import statements of all cells; each ends with the name it binds. */
function importLines(notebook: Notebook): string[] {
  const found: string[] = [];
  for (const cell of notebook.cells) {
    if (cell.kind !== 'code') continue;
    for (const [, line = ''] of cell.source.matchAll(/^((?:from [\w.]+ )?import [\w.]+(?: as \w+)?)\s*(?:#.*)?$/gm))
      found.push(line);
  }
  return found;
}
