import type { ts, TypeScript } from './load.ts';

/** A block with names of its own. */
export interface Scope {
  readonly kind: 'module' | 'function' | 'block';
  /** Its number in the cell; the module is 0. */
  readonly block: number;
  readonly bound: ReadonlySet<string>;
  readonly parent: Scope | undefined;
  /** True where `this` is another one than around it. */
  readonly ownThis: boolean;
}

/** The block that a name belongs to, seen from a scope; 0 when it is one of the notebook. */
export function ownerOf(from: Scope, name: string): number {
  for (let scope: Scope | undefined = from; scope !== undefined && scope.kind !== 'module'; scope = scope.parent)
    if (name === 'this' ? scope.ownThis : scope.bound.has(name)) return scope.block;
  return 0;
}

/** The name of a variable in steps: one of the notebook its own, else with its block. */
export function variableName(name: string, block: number): string {
  return block === 0 ? name : `${name}@${block}`;
}

/** True when a scope is the top level of the cell, or a block of it that is no function. */
export function isTopLevel(scope: Scope): boolean {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) if (at.kind === 'function') return false;
  return true;
}

/** Identifiers that a pattern binds. */
export function namesOfPattern({ ts }: TypeScript, name: ts.BindingName): readonly ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((element) =>
    ts.isOmittedExpression(element) ? [] : namesOfPattern({ ts } as TypeScript, element.name),
  );
}

/** Names that statements declare for the block that they stand in: `let`, `const`, `class`, `function`, `enum`, imports. */
export function namesOfBlock(typescript: TypeScript, statements: readonly ts.Node[]): Set<string> {
  const { ts } = typescript;
  const found = new Set<string>();
  for (const statement of statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        for (const { text } of namesOfPattern(typescript, name)) found.add(text);
    } else if (ts.isImportDeclaration(statement))
      for (const { text } of importedNames(typescript, statement)) found.add(text);
    else if (isDeclaration(typescript, statement) && statement.name !== undefined) found.add(statement.name.text);
  }
  return found;
}

function isDeclaration(
  { ts }: TypeScript,
  node: ts.Node,
): node is
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.ModuleDeclaration
  | ts.ImportEqualsDeclaration {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isImportEqualsDeclaration(node)
  );
}

/** The names that an import binds when it runs; those of types alone are none. */
export function importedNames({ ts }: TypeScript, { importClause }: ts.ImportDeclaration): readonly ts.Identifier[] {
  if (importClause === undefined || importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const { name, namedBindings } = importClause;
  const named =
    namedBindings === undefined
      ? []
      : ts.isNamespaceImport(namedBindings)
        ? [namedBindings.name]
        : namedBindings.elements.filter(({ isTypeOnly }) => !isTypeOnly).map((element) => element.name);
  return [...(name === undefined ? [] : [name]), ...named];
}

/** Names that `var` declares anywhere in a body, functions inside of it left out: they belong to the whole body. */
export function hoistedNames(typescript: TypeScript, body: ts.Node): Set<string> {
  const { ts } = typescript;
  const found = new Set<string>();
  const walk = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0)
      for (const { name } of node.declarations)
        for (const { text } of namesOfPattern(typescript, name)) found.add(text);
    ts.forEachChild(node, walk);
  };
  ts.forEachChild(body, walk);
  return found;
}

/** Names in what the statements of a cell wait for themselves, functions inside of them left out. */
export function awaitedNames({ ts }: TypeScript, statements: readonly ts.Node[]): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (node: ts.Node, isAwaited: boolean): void => {
    if (isAwaited && ts.isIdentifier(node)) found.add(node.text);
    if (ts.isFunctionLike(node) && !isAwaited) return;
    const waits = ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
    ts.forEachChild(node, (child) => walk(child, isAwaited || waits));
  };
  for (const statement of statements) walk(statement, false);
  return found;
}
