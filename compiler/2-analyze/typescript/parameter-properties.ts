import type { ts as TypeScript } from '@ts-morph/common';

type Compiler = typeof TypeScript;

interface Around {
  readonly ts: Compiler;
  readonly context: TypeScript.TransformationContext;
}

/**
 * In Deno's translation the fields of a class get their values after the parameters of its constructor that are fields themselves, so they may be
 * made from these; TypeScript's own leaves them to the engine, which is earlier. Before TypeScript's.
 */
export function withFieldsAfterParameters(around: Around, file: TypeScript.SourceFile): TypeScript.SourceFile {
  const { ts, context } = around;
  const visit = (node: TypeScript.Node): TypeScript.Node => {
    const seen = ts.visitEachChild(node, visit, context);
    if (!ts.isClassDeclaration(seen) && !ts.isClassExpression(seen)) return seen;
    const { modifiers, name, typeParameters, heritageClauses } = seen;
    const members = rearranged(around, seen);
    if (members === undefined) return seen;
    return ts.isClassDeclaration(seen)
      ? context.factory.updateClassDeclaration(seen, modifiers, name, typeParameters, heritageClauses, members)
      : context.factory.updateClassExpression(seen, modifiers, name, typeParameters, heritageClauses, members);
  };
  return ts.visitEachChild(file, visit, context);
}

/** The members with values moved into the constructor; undefined where none of its parameters is a field. */
function rearranged(around: Around, node: TypeScript.ClassLikeDeclaration): TypeScript.ClassElement[] | undefined {
  const { ts, context } = around;
  const { factory } = context;
  const constructor = node.members.find(
    (member): member is TypeScript.ConstructorDeclaration =>
      ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
  if (constructor?.body === undefined || !constructor.parameters.some((one) => hasModifier(ts, one))) return undefined;
  const moved: TypeScript.Statement[] = [];
  const members = node.members.map((member): TypeScript.ClassElement => {
    if (!ts.isPropertyDeclaration(member) || isLeftAlone(ts, member) || member.initializer === undefined) return member;
    moved.push(assigned(around, member.name, member.initializer));
    const { modifiers, name, questionToken, type } = member;
    return factory.updatePropertyDeclaration(member, modifiers, name, questionToken, type, undefined);
  });
  const { statements } = constructor.body;
  const first = statements.findIndex((one) => isSuperCall(ts, one)) + 1;
  const body = factory.updateBlock(constructor.body, [
    ...statements.slice(0, first),
    ...moved,
    ...statements.slice(first),
  ]);
  const made = factory.updateConstructorDeclaration(constructor, constructor.modifiers, constructor.parameters, body);
  return members.map((member) => (member === constructor ? made : member));
}

function hasModifier(ts: Compiler, parameter: TypeScript.ParameterDeclaration): boolean {
  return (ts.getModifiers(parameter) ?? []).length > 0;
}

/** Of the class itself, of its type alone, with accessors of its own, or under a key that is computed. */
function isLeftAlone(ts: Compiler, member: TypeScript.PropertyDeclaration): boolean {
  const kinds = new Set([
    ts.SyntaxKind.StaticKeyword,
    ts.SyntaxKind.DeclareKeyword,
    ts.SyntaxKind.AbstractKeyword,
    ts.SyntaxKind.AccessorKeyword,
  ]);
  return ts.isComputedPropertyName(member.name) || (member.modifiers ?? []).some(({ kind }) => kinds.has(kind));
}

function isSuperCall(ts: Compiler, statement: TypeScript.Statement): boolean {
  if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) return false;
  return statement.expression.expression.kind === ts.SyntaxKind.SuperKeyword;
}

function assigned(
  { ts, context: { factory } }: Around,
  name: TypeScript.PropertyName,
  value: TypeScript.Expression,
): TypeScript.Statement {
  const target =
    ts.isIdentifier(name) || ts.isPrivateIdentifier(name)
      ? factory.createPropertyAccessExpression(factory.createThis(), name)
      : factory.createElementAccessExpression(factory.createThis(), name as TypeScript.Expression);
  return factory.createExpressionStatement(factory.createAssignment(target, value));
}
