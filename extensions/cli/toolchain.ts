import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { bundleFiles, createCompiler, type Compilation, type Compiler } from '../../compiler/index.ts';

let compiler: Promise<Compiler> | undefined;

/** Compiles with the parser that is installed beside the program; it is loaded once. */
export async function compileNotebook(
  installation: string,
  bytes: Uint8Array | string,
  name: string,
): Promise<Compilation> {
  const wasm = (file: string): Uint8Array => readFileSync(path.join(installation, file));
  compiler ??= createCompiler({
    runtimeWasm: wasm('web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python.wasm'),
  });
  return (await compiler).compile(bytes, name);
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

/** A diagnostic as text with its place. */
export function renderFrame(diagnostic: Diagnostic, sources: ReadonlyMap<string, string>): string {
  const { code, severity, message, help, location } = diagnostic;
  const lines = [`${severity} ${code}: ${message}`];
  const source = location === undefined ? undefined : sources.get(location.cell)?.split('\n');
  if (location !== undefined) {
    const start = location.range?.start;
    lines.push(
      `  at cell ${location.index + 1}${start === undefined ? '' : `, line ${start.line + 1}`} (${location.cell})`,
    );
    const line = start === undefined ? undefined : source?.[start.line];
    if (start !== undefined && line !== undefined) {
      const end = location.range?.end;
      // A range over several lines is marked to the end of its first.
      const last = end === undefined ? start.column + 1 : end.line === start.line ? end.column : line.length;
      const width = Math.max(1, Math.min(last, line.length) - start.column);
      lines.push(
        `  ${String(start.line + 1).padStart(4)} | ${line}`,
        `       | ${' '.repeat(start.column)}${'^'.repeat(width)}`,
      );
    }
  }
  for (const related of diagnostic.related) lines.push(`  cell ${related.location.index + 1}: ${related.message}`);
  lines.push(`  ${help}`);
  return `${lines.join('\n')}\n`;
}
