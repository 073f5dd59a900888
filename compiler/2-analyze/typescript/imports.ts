import type { ts, TypeScript } from './load.ts';

/** The imports of a cell that are certain to run, as statements without names, and how many of them come before anything else. */
export interface CertainImports {
  readonly statements: readonly string[];
  readonly leading: number;
}

/** Static imports of the top level. One from the notebook's own folder is never among the leading ones: an earlier cell may write the file. */
export function certainImports(compiler: TypeScript['ts'], file: ts.SourceFile | undefined): CertainImports {
  const statements: string[] = [];
  let leading = 0;
  let isLeading = true;
  for (const statement of file?.statements ?? []) {
    const module = moduleOf(compiler, statement);
    if (module === undefined) {
      isLeading &&=
        compiler.isInterfaceDeclaration(statement) ||
        compiler.isTypeAliasDeclaration(statement) ||
        compiler.isImportDeclaration(statement);
      continue;
    }
    statements.push(`import ${JSON.stringify(module)}`);
    isLeading &&= !/^(?:\.{0,2}\/|file:)/.test(module);
    if (isLeading) leading = statements.length;
  }
  return { statements, leading };
}

function moduleOf(compiler: TypeScript['ts'], node: ts.Statement): string | undefined {
  if (!compiler.isImportDeclaration(node) || node.importClause?.phaseModifier === compiler.SyntaxKind.TypeKeyword)
    return undefined;
  return compiler.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier.text : undefined;
}
