import type { ts as TypeScript } from '@ts-morph/common';
import type { Script } from '../../bundle/format.ts';

type Compiler = typeof TypeScript;

/** The modules that a cell imports, wherever in it, as far as its text says their names. What is imported for its types alone is never loaded. */
export function modulesOf(ts: Compiler, source: string): NonNullable<Script['modules']> {
  if (!/\b(?:import|from)\b/.test(source)) return [];
  const file = ts.createSourceFile('cell.tsx', source, ts.ScriptTarget.ESNext, true);
  const found: NonNullable<Script['modules']>[number][] = [];
  const visit = (node: TypeScript.Node): void => {
    const name = nameIn(ts, node);
    if (name !== undefined && ts.isStringLiteralLike(name))
      found.push({ specifier: name.text, range: rangeOf(file, name) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function nameIn(ts: Compiler, node: TypeScript.Node): TypeScript.Node | undefined {
  if (ts.isImportDeclaration(node))
    return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? undefined : node.moduleSpecifier;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly ? undefined : node.moduleSpecifier;
  const isImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  if (isImport) return node.arguments[0];
  const isRequire = ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'require';
  return isRequire ? node.arguments[0] : undefined;
}

function rangeOf(file: TypeScript.SourceFile, node: TypeScript.Node): NonNullable<Script['modules']>[number]['range'] {
  const [start, end] = [node.getStart(file), node.end].map((at) => file.getLineAndCharacterOfPosition(at));
  return {
    start: { line: start?.line ?? 0, column: start?.character ?? 0 },
    end: { line: end?.line ?? 0, column: end?.character ?? 0 },
  };
}
