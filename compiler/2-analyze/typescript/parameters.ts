import type { Value } from '../steps.ts';
import type { Summary } from '../effects.ts';
import type { ts, TypeScript } from './load.ts';

type Compiler = TypeScript['ts'];

/** A parameter that is a pattern: the name that stands for the whole, and what it binds. */
export interface PatternParameter {
  readonly parameter: string;
  readonly binding: ts.BindingName;
  readonly bound: readonly string[];
}

/** The parameters of a function in order; one that is a pattern has a name that no identifier can be. */
export function parametersOf(
  ts: Compiler,
  node: ts.FunctionLikeDeclaration,
): { readonly names: readonly string[]; readonly patterns: readonly PatternParameter[] } {
  const names: string[] = [];
  const patterns: PatternParameter[] = [];
  node.parameters
    .filter(({ name }) => !(ts.isIdentifier(name) && name.text === 'this'))
    .forEach(({ name }, place) => {
      const parameter = ts.isIdentifier(name) ? name.text : `(${place})`;
      names.push(parameter);
      if (!ts.isIdentifier(name)) patterns.push({ parameter, binding: name, bound: boundBy(ts, name) });
    });
  return { names, patterns };
}

function boundBy(ts: Compiler, name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : boundBy(ts, element.name)));
}

/** The elements of a pattern, each with the part of the value that it gets. */
export function partsOfPattern(
  ts: Compiler,
  pattern: ts.BindingPattern,
  value: Value,
): readonly { readonly element: ts.BindingElement; readonly part: Value }[] {
  const isArray = ts.isArrayBindingPattern(pattern);
  const partOf = (element: ts.BindingElement, position: number): Value => {
    if (element.dotDotDotToken !== undefined) return { kind: 'constant', type: isArray ? 'Array' : 'Object' };
    if (isArray) return { kind: 'part', of: value, position };
    const key = element.propertyName ?? element.name;
    return { kind: 'attribute', of: value, name: ts.isIdentifier(key) || ts.isStringLiteralLike(key) ? key.text : '' };
  };
  const elements: readonly ts.ArrayBindingElement[] = pattern.elements;
  return elements.flatMap((element, position) =>
    ts.isOmittedExpression(element) ? [] : [{ element, part: partOf(element, position) }],
  );
}

/** How a function is spoken of, whether it is handed to a call where it is written, and what part it plays in its class. */
export function functionNames(
  ts: Compiler,
  node: ts.FunctionLikeDeclaration,
): { readonly name: string; readonly isDirect: boolean; readonly role: Summary['role'] } {
  const { parent } = node;
  const own = node.name !== undefined && !ts.isComputedPropertyName(node.name) ? node.name.text : undefined;
  if (ts.isConstructorDeclaration(node)) return { name: 'constructor', isDirect: false, role: 'constructor' };
  const isAccessor = ts.isGetAccessor(node) || ts.isSetAccessor(node);
  const isImplicit =
    isAccessor ||
    (node.name !== undefined && ts.isComputedPropertyName(node.name)) ||
    /^(?:toString|valueOf|toJSON|then)$/.test(own ?? '');
  if (ts.isClassLike(parent))
    return { name: own ?? '<method>', isDirect: false, role: isImplicit ? 'implicit' : undefined };
  if (ts.isMethodDeclaration(node) || isAccessor)
    return { name: `object.${own ?? '<method>'}`, isDirect: false, role: undefined };
  if (ts.isFunctionDeclaration(node)) return { name: own ?? '<function>', isDirect: false, role: undefined };
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name))
    return { name: parent.name.text, isDirect: false, role: undefined };
  if (ts.isPropertyAssignment(parent) && ts.isIdentifier(parent.name))
    return { name: `object.${parent.name.text}`, isDirect: false, role: undefined };
  if (ts.isPropertyDeclaration(parent) && !ts.isComputedPropertyName(parent.name))
    return { name: parent.name.text, isDirect: false, role: undefined };
  return { name: own ?? '<function>', isDirect: true, role: undefined };
}
