import type { CallSite, Value } from '../steps.ts';
import type { ts, TypeScript } from './load.ts';
import { ownerOf, variableName, type Scope } from './scope.ts';

/** What the walk has made of calls and functions already; each is visited before what holds it. */
export interface Visited {
  readonly calls: WeakMap<ts.Node, CallSite>;
  readonly definitions: WeakMap<ts.Node, Value>;
}

/** What is around an expression. */
export interface Around {
  readonly typescript: TypeScript;
  readonly scope: Scope;
  readonly visited: Visited;
  /** Types of the tables that the checker gives an expression; none when it does not know. */
  typesOf(node: ts.Expression): readonly string[];
}

/** What cannot be said. */
export const unknownValue: Value = { kind: 'unknown' };

/** Names under which the object of all globals is found. */
export const globalObjects: ReadonlySet<string> = new Set(['globalThis', 'window', 'self', 'global']);

/** The value of an expression that has been visited. */
export function valueOf(node: ts.Node | undefined, around: Around): Value {
  if (node === undefined) return unknownValue;
  const value = plainValueOf(node, around);
  const isOpen = value.kind !== 'constant' && value.kind !== 'definition' && value.kind !== 'import';
  const types = isOpen && around.typescript.ts.isExpression(node) ? around.typesOf(node) : [];
  return types.length === 0 ? value : { kind: 'typed', of: value, types };
}

function plainValueOf(node: ts.Node, around: Around): Value {
  const { ts } = around.typescript;
  const inner = (child: ts.Node | undefined): Value => valueOf(child, around);
  const literal = literalOf(node, around);
  if (literal !== undefined) return literal;
  if (ts.isIdentifier(node)) return variableValue(node.text, around.scope);
  if (node.kind === ts.SyntaxKind.ThisKeyword || node.kind === ts.SyntaxKind.SuperKeyword)
    return ownerOf(around.scope, 'this') === 0 ? unknownValue : variableValue('this', around.scope);
  if (ts.isPropertyAccessExpression(node)) return memberValue(node.expression, node.name.text, around);
  if (ts.isElementAccessExpression(node)) {
    const key = node.argumentExpression;
    if (ts.isStringLiteralLike(key)) return memberValue(node.expression, key.text, around);
    return { kind: 'item', of: inner(node.expression), key: inner(key) };
  }
  if (ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node)) {
    const call = around.visited.calls.get(node);
    return call === undefined ? unknownValue : { kind: 'result', call };
  }
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return around.visited.definitions.get(node) ?? unknownValue;
  if (ts.isConditionalExpression(node)) return { kind: 'either', of: [inner(node.whenTrue), inner(node.whenFalse)] };
  if (ts.isBinaryExpression(node)) return binaryValue(node, inner, around.typescript);
  if (ts.isSpreadElement(node)) return { kind: 'element', of: inner(node.expression) };
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isTypeAssertionExpression(node)
  )
    return inner(node.expression);
  return unknownValue;
}

/** A variable, or a constant that looks like one. */
function variableValue(name: string, scope: Scope): Value {
  const block = ownerOf(scope, name);
  if (block === 0 && name === 'undefined') return { kind: 'constant', type: 'undefined' };
  if (block === 0 && (name === 'NaN' || name === 'Infinity')) return { kind: 'constant', type: 'number' };
  return { kind: 'variable', name: variableName(name, block), local: block !== 0 };
}

/** A member; one of the object of all globals is a variable. */
function memberValue(of: ts.Expression, name: string, around: Around): Value {
  return isGlobalObject(of, around)
    ? { kind: 'variable', name, local: false }
    : { kind: 'attribute', of: valueOf(of, around), name };
}

/** True for `globalThis`, where nothing else has that name. */
export function isGlobalObject(
  node: ts.Node,
  { typescript: { ts }, scope }: Pick<Around, 'typescript' | 'scope'>,
): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
    return isGlobalObject(node.expression, { typescript: { ts } as TypeScript, scope });
  if (node.kind === ts.SyntaxKind.ThisKeyword) return ownerOf(scope, 'this') === 0;
  return ts.isIdentifier(node) && globalObjects.has(node.text) && ownerOf(scope, node.text) === 0;
}

function literalOf(node: ts.Node, { typescript: { ts } }: Around): Value | undefined {
  const { SyntaxKind } = ts;
  if (ts.isStringLiteralLike(node)) return { kind: 'constant', type: 'string', text: node.text };
  switch (node.kind) {
    case SyntaxKind.NumericLiteral:
    case SyntaxKind.PrefixUnaryExpression:
    case SyntaxKind.PostfixUnaryExpression:
      return ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken
        ? { kind: 'constant', type: 'boolean' }
        : { kind: 'constant', type: 'number' };
    case SyntaxKind.BigIntLiteral:
      return { kind: 'constant', type: 'bigint' };
    case SyntaxKind.TrueKeyword:
    case SyntaxKind.FalseKeyword:
      return { kind: 'constant', type: 'boolean', text: node.kind === SyntaxKind.TrueKeyword ? 'True' : 'False' };
    case SyntaxKind.DeleteExpression:
      return { kind: 'constant', type: 'boolean' };
    case SyntaxKind.NullKeyword:
      return { kind: 'constant', type: 'null' };
    case SyntaxKind.VoidExpression:
      return { kind: 'constant', type: 'undefined' };
    case SyntaxKind.TemplateExpression:
    case SyntaxKind.TypeOfExpression:
      return { kind: 'constant', type: 'string' };
    case SyntaxKind.RegularExpressionLiteral:
      return { kind: 'constant', type: 'RegExp' };
    case SyntaxKind.ArrayLiteralExpression:
      return { kind: 'constant', type: 'Array' };
    case SyntaxKind.ObjectLiteralExpression:
      return { kind: 'constant', type: 'Object' };
    default:
      return undefined;
  }
}

function binaryValue(node: ts.BinaryExpression, inner: (child: ts.Node) => Value, { ts }: TypeScript): Value {
  const { SyntaxKind } = ts;
  switch (node.operatorToken.kind) {
    case SyntaxKind.EqualsToken:
    case SyntaxKind.CommaToken:
      return inner(node.right);
    case SyntaxKind.BarBarToken:
    case SyntaxKind.AmpersandAmpersandToken:
    case SyntaxKind.QuestionQuestionToken:
    case SyntaxKind.BarBarEqualsToken:
    case SyntaxKind.AmpersandAmpersandEqualsToken:
    case SyntaxKind.QuestionQuestionEqualsToken:
      return { kind: 'either', of: [inner(node.left), inner(node.right)] };
    default:
      return { kind: 'constant', type: 'primitive' };
  }
}
