import type { ts as TypeScript } from '@ts-morph/common';
import { globalObjects } from './values.ts';

type Compiler = typeof TypeScript;

/** Properties of the object of all globals that a cell names, and everything when it looks at the object in another way. */
export function globalsOf(ts: Compiler, source: string): readonly string[] | '*' {
  if (!/\b(?:globalThis|window|self|global|this)\b/.test(source)) return [];
  const found = new Set<string>();
  const file = ts.createSourceFile('cell.tsx', source, ts.ScriptTarget.ESNext, true);
  const isGlobal = (node: TypeScript.Node, hasThis: boolean): boolean => {
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return isGlobal(node.expression, hasThis);
    if (node.kind === ts.SyntaxKind.ThisKeyword) return !hasThis;
    return ts.isIdentifier(node) && globalObjects.has(node.text);
  };
  const walk = (node: TypeScript.Node, hasThis: boolean): void => {
    if (ts.isTypeNode(node) || ts.isTypeOfExpression(node)) {
      if (ts.isTypeOfExpression(node) && !isGlobal(node.expression, hasThis)) walk(node.expression, hasThis);
      return;
    }
    if (ts.isPropertyAccessExpression(node) && isGlobal(node.expression, hasThis)) {
      found.add(node.name.text);
      return;
    }
    if (ts.isPropertyAccessExpression(node)) {
      walk(node.expression, hasThis);
      return;
    }
    if (ts.isElementAccessExpression(node) && isGlobal(node.expression, hasThis)) {
      if (ts.isStringLiteralLike(node.argumentExpression)) found.add(node.argumentExpression.text);
      else found.add('*');
    } else if (isGlobal(node, hasThis) && !isName(ts, node)) found.add('*');
    const inner = hasThis || (ts.isFunctionLike(node) && !ts.isArrowFunction(node)) || ts.isClassLike(node);
    ts.forEachChild(node, (child) => walk(child, inner));
  };
  ts.forEachChild(file, (child) => walk(child, false));
  return found.has('*') ? '*' : [...found].sort();
}

/** True for an identifier that names a property or declares something, and looks nothing up. */
function isName(ts: Compiler, node: TypeScript.Node): boolean {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent))
    return parent.name === node;
  return ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)
    ? parent.name === node
    : false;
}
