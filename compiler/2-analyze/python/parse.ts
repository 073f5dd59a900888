import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import type { Range } from '../../bundle/diagnostic.ts';

/** A node of the syntax tree, taken out of the parser's memory: named nodes, and the few unnamed ones that carry meaning. */
export interface SyntaxNode {
  readonly type: string;
  /** The name of the parent's field that this node fills; empty for none. */
  readonly field: string;
  readonly text: string;
  readonly range: Range;
  readonly children: readonly SyntaxNode[];
  readonly isError: boolean;
}

/** Parses Python: a tree with error nodes comes out of any text; undefined when it is nested too deeply to be walked. */
export interface PythonParser {
  parse(source: string): SyntaxNode | undefined;
}

/** CPython itself gives up between 100 nested blocks and some thousand nested expressions. */
const deepest = 1000;
/** Beyond this the tree does not fit into memory. */
const mostTokens = 1_000_000;

/** The bytes of the parser and of its grammar. */
export interface PythonWasm {
  readonly runtimeWasm: Uint8Array;
  readonly languageWasm: Uint8Array;
}

/** Starts the parser from the bytes of its two WebAssembly files, so that it runs where there are no files. */
export async function loadPythonParser(wasm: PythonWasm): Promise<PythonParser> {
  await Parser.init({ wasmBinary: wasm.runtimeWasm });
  const language = await Language.load(wasm.languageWasm);
  const parser = new Parser();
  parser.setLanguage(language);
  return {
    parse: (source) => {
      if (isTooLarge(source)) return undefined;
      const tree = parser.parse(source);
      if (tree === null) throw new Error('the parser has no language');
      const cursor = tree.walk();
      const root = copyNode(cursor, source, 0);
      cursor.delete();
      tree.delete();
      return root;
    },
  };
}

/** More words and signs than any cell has that a person wrote. */
function isTooLarge(source: string): boolean {
  if (source.length <= mostTokens) return false;
  const token = /\w+|[^\s\w]/g;
  for (let count = 0; token.test(source); count++) if (count === mostTokens) return true;
  return false;
}

function isKept(cursor: TreeCursor): boolean {
  if (cursor.nodeIsNamed || cursor.currentFieldName !== null || cursor.nodeIsMissing) return true;
  return cursor.nodeType === '=' || cursor.nodeType === 'async';
}

function copyNode(cursor: TreeCursor, source: string, depth: number): SyntaxNode | undefined {
  if (depth > deepest) return undefined;
  const type = cursor.nodeType;
  const field = cursor.currentFieldName ?? '';
  const { startIndex, endIndex, startPosition, endPosition } = cursor;
  const children: SyntaxNode[] = [];
  if (cursor.gotoFirstChild()) {
    do {
      if (!isKept(cursor)) continue;
      const child = copyNode(cursor, source, depth + 1);
      if (child === undefined) return undefined;
      children.push(child);
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return {
    type,
    field,
    text: source.slice(startIndex, endIndex),
    range: {
      start: { line: startPosition.row, column: startPosition.column },
      end: { line: endPosition.row, column: endPosition.column },
    },
    children,
    isError: type === 'ERROR' || cursor.nodeIsMissing,
  };
}

/** The child that fills a field. */
export function fieldOf(node: SyntaxNode, name: string): SyntaxNode | undefined {
  return node.children.find((child) => child.field === name);
}
