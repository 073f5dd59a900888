import type { ts as TypeScript } from '@ts-morph/common';

type Compiler = typeof TypeScript;

/**
 * Deno's translation evaluates the computed keys of a class in statements of their own that stand before it: `_computedKey = …`, a variable that
 * all cells share. It shows, since a cell that ends with such a class has the last key as its result. Keys that are written as a text or a
 * number are evaluated there as well.
 */
export function withKeysFirst(
  { ts, context }: { readonly ts: Compiler; readonly context: TypeScript.TransformationContext },
  file: TypeScript.SourceFile,
): TypeScript.SourceFile {
  const { factory } = context;
  const names: string[] = [];
  const take = (expression: TypeScript.Expression, before: TypeScript.Statement[]): TypeScript.Identifier => {
    const name = `_computedKey${names.length === 0 ? '' : String(names.length)}`;
    names.push(name);
    before.push(
      factory.createExpressionStatement(factory.createAssignment(factory.createIdentifier(name), expression)),
    );
    return factory.createIdentifier(name);
  };
  const member = (node: TypeScript.ClassElement, before: TypeScript.Statement[]): TypeScript.ClassElement => {
    const { name } = node;
    if (name !== undefined && (ts.isStringLiteral(name) || ts.isNumericLiteral(name))) take(name, before);
    if (name === undefined || !ts.isComputedPropertyName(name) || ts.isIdentifier(name.expression)) return node;
    const kept = take(name.expression, before);
    // What is the same whenever it is asked stays: the variable may have another key by the time the class is read again.
    if (isConstant(ts, name.expression)) return node;
    const key = factory.createComputedPropertyName(kept);
    return ts.visitEachChild(node, (child) => (child === name ? key : child), context);
  };
  const statements = (list: readonly TypeScript.Statement[]): TypeScript.Statement[] =>
    list.flatMap((statement) => {
      const before: TypeScript.Statement[] = [];
      const visit = (node: TypeScript.Node): TypeScript.Node => {
        if (ts.isBlock(node)) return factory.updateBlock(node, statements(node.statements));
        if (ts.isFunctionLike(node)) return node;
        if (ts.isClassDeclaration(node)) {
          const { modifiers, name, typeParameters, heritageClauses } = node;
          const members = node.members.map((one) => member(one, before));
          return factory.updateClassDeclaration(node, modifiers, name, typeParameters, heritageClauses, members);
        }
        if (ts.isClassExpression(node)) {
          const { modifiers, name, typeParameters, heritageClauses } = node;
          const members = node.members.map((one) => member(one, before));
          return factory.updateClassExpression(node, modifiers, name, typeParameters, heritageClauses, members);
        }
        return ts.visitEachChild(node, visit, context);
      };
      const made = ts.visitNode(statement, visit) as TypeScript.Statement;
      return [...before, made];
    });
  const all = statements(file.statements);
  if (names.length === 0) return file;
  const declared = factory.createVariableStatement(
    undefined,
    names.map((name) => factory.createVariableDeclaration(name)),
  );
  return factory.updateSourceFile(file, [declared, ...all]);
}

/** A text, a number, or a symbol that the language has. */
function isConstant(ts: Compiler, key: TypeScript.Expression): boolean {
  if (ts.isPropertyAccessExpression(key)) return ts.isIdentifier(key.expression) && key.expression.text === 'Symbol';
  return ts.isStringLiteralLike(key) || ts.isNumericLiteral(key);
}
