import type { Magic } from '../../1-read/magics.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';

/** The imports of a cell that are certain to run, as statements without aliases, and how many of them come before anything else. */
export interface CertainImports {
  readonly statements: readonly string[];
  readonly leading: number;
}

/**
 * Imports at the top level of a cell. Those inside of `try` and `with` count as certain, since nothing decides whether they run;
 * those of functions, branches and handlers do not.
 */
export function certainImports(root: SyntaxNode, magics: readonly Magic[]): CertainImports {
  const decisive = firstDecisive(magics);
  const statements: string[] = [];
  let leading = 0;
  let isLeading = true;
  for (const node of root.children) {
    const own = importsOf(node);
    const isImport = importTypes.has(node.type);
    isLeading = isLeading && node.range.start.line < decisive && (isImport || isSilent(node));
    statements.push(...own);
    if (isLeading) leading = statements.length;
  }
  return { statements, leading };
}

const importTypes = new Set(['import_statement', 'import_from_statement', 'future_import_statement']);

/**
 * Magics that make no difference to imports after them, nor these to them: they choose how figures are shown and when changed modules
 * are loaded again, and look at no module but matplotlib and their own.
 */
const apart = /^(?:matplotlib inline|autoreload .*|load_ext autoreload|config InlineBackend\..*)$/;

/** The line of the first magic that may make a difference. */
function firstDecisive(magics: readonly Magic[]): number {
  const found = magics.find(({ kind, name, text }) => kind !== 'line' || !apart.test(`${name} ${text}`));
  return found === undefined ? Infinity : found.kind === 'cell' ? -1 : found.line;
}

/** True for what does nothing when it runs: comments, strings that stand alone, and what stands for a magic. */
function isSilent(node: SyntaxNode): boolean {
  if (node.type === 'comment' || node.type === 'pass_statement') return true;
  return node.type === 'expression_statement' && node.children.every((child) => child.type === 'string');
}

function importsOf(node: SyntaxNode): string[] {
  switch (node.type) {
    case 'import_statement': {
      const names = node.children.filter((child) => child.field === 'name').map(moduleOf);
      return names.length === 0 ? [] : [`import ${names.join(', ')}`];
    }
    case 'import_from_statement':
      return importsFrom(node);
    case 'try_statement':
    case 'with_statement':
      return fieldOf(node, 'body')?.children.flatMap(importsOf) ?? [];
    default:
      return [];
  }
}

/** A relative import of a notebook fails. */
function importsFrom(node: SyntaxNode): string[] {
  const module = fieldOf(node, 'module_name');
  if (module?.type !== 'dotted_name') return [];
  const names = node.children.filter((child) => child.field === 'name').map(moduleOf);
  return [`from ${module.text} import ${names.length === 0 ? '*' : names.join(', ')}`];
}

function moduleOf(node: SyntaxNode): string {
  const dotted = node.type === 'aliased_import' ? fieldOf(node, 'name') : node;
  return (dotted ?? node).text.replaceAll(/\s/g, '');
}
