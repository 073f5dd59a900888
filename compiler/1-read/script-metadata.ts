import type { Diagnostic, Result } from '../bundle/diagnostic.ts';
import type { Cell, Notebook } from './notebook.ts';
import { isTexts, readToml } from '../environment/toml.ts';

/** What a notebook itself says that it needs: inline script metadata (PEP 723). */
export interface ScriptMetadata {
  /** Id of the cell that it stands in. */
  readonly cell: string;
  /** A version specifier. */
  readonly requiresPython: string | undefined;
  /** Requirements as PEP 508 writes them. */
  readonly dependencies: readonly string[];
}

interface Block {
  readonly cell: Cell;
  /** Line of its first line, from 0. */
  readonly line: number;
  readonly lines: number;
  readonly content: string;
}

// As the specification has it.
const block = /^# \/\/\/ script[^\S\n]*\n((?:#(?:| .*)\n)+)# \/\/\/[^\S\n]*$/gm;
const opening = /^#\s*\/\/\/\s*script\b/m;

/** Reads the block `# /// script` of a code cell, as uv and juv write it; undefined when there is none. */
export function readScriptMetadata(notebook: Notebook): Result<ScriptMetadata | undefined> {
  const cells = notebook.cells.filter((cell) => cell.kind === 'code');
  const [first, second] = cells.flatMap((cell) => blocksOf(cell));
  if (first === undefined) {
    const open = cells.find((cell) => opening.test(cell.source));
    if (open === undefined) return { ok: true, value: undefined };
    const line = open.source.slice(0, open.source.search(opening)).split('\n').length - 1;
    const help = 'Write `# /// script`, lines that begin with `# `, and `# ///` at the end.';
    return refuse({ cell: open, line, lines: 1 }, 'The script metadata is not a block of PEP 723.', help);
  }
  if (second !== undefined) {
    return refuse(second, 'There is a second block of script metadata.', 'Join the two blocks into one.');
  }
  return readBlock(first);
}

function blocksOf(cell: Cell): readonly Block[] {
  return [...cell.source.replaceAll('\r\n', '\n').matchAll(block)].map((found) => {
    const content = found[1] ?? '';
    const line = cell.source.slice(0, found.index).split('\n').length - 1;
    const plain = content
      .split('\n')
      .map((text) => text.replace(/^# ?/, ''))
      .join('\n');
    return { cell, line, lines: found[0].split('\n').length, content: plain };
  });
}

function readBlock(found: Block): Result<ScriptMetadata | undefined> {
  const read = readToml(found.content);
  if (!read.ok) {
    const place = { cell: found.cell, line: found.line + read.line, lines: 1 };
    return refuse(place, `The script metadata is not TOML: ${read.reason}.`, 'Mend the line.');
  }
  const { 'requires-python': python, dependencies = [] } = read.value;
  if (python !== undefined && typeof python !== 'string') {
    return refuse(found, 'requires-python of the script metadata is no text.', 'Write, for example, ">=3.11".');
  }
  if (!isTexts(dependencies)) {
    const help = 'Write, for example, dependencies = ["pandas>=2", "pyarrow"].';
    return refuse(found, 'dependencies of the script metadata is no list of texts.', help);
  }
  return { ok: true, value: { cell: found.cell.id, requiresPython: python, dependencies } };
}

function refuse(
  { cell, line, lines }: Pick<Block, 'cell' | 'line' | 'lines'>,
  message: string,
  help: string,
): Result<never> {
  const range = {
    start: { line, column: 0 },
    end: { line: line + lines - 1, column: widthOf(cell, line + lines - 1) },
  };
  const location = { cell: cell.id, index: cell.index, range };
  const diagnostic: Diagnostic = { code: 'CW701', severity: 'error', message, help, location, related: [] };
  return { ok: false, error: [diagnostic] };
}

function widthOf(cell: Cell, line: number): number {
  return cell.source.split('\n')[line]?.length ?? 0;
}
