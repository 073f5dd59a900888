import { targetNames } from './bindings.ts';
import { mutatingMethods } from './calls.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';

/** The name at the root of `a.b[c].d`. */
export function rootName(node: SyntaxNode | undefined): SyntaxNode | undefined {
  if (node === undefined) return undefined;
  if (node.type === 'identifier') return node;
  if (node.type === 'attribute') return rootName(fieldOf(node, 'object'));
  if (node.type === 'subscript') return rootName(fieldOf(node, 'value'));
  if (node.type === 'parenthesized_expression' || node.type === 'await') return rootName(node.children[0]);
  return undefined;
}

/** The names that a function's parameters bind. */
export function parameterNames(parameters: SyntaxNode | undefined): string[] {
  return (parameters?.children ?? []).flatMap((parameter) => {
    const name = fieldOf(parameter, 'name');
    if (name !== undefined) return targetNames(name).map((node) => node.text);
    return targetNames(parameter.type === 'typed_parameter' ? (parameter.children[0] ?? parameter) : parameter).map(
      (node) => node.text,
    );
  });
}

/** True when the body changes the object that a parameter is, by an assignment into it or a method that is known to. */
export function mutatesParameter(body: SyntaxNode | undefined, name: string): boolean {
  if (body === undefined) return false;
  const stack: SyntaxNode[] = [body];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const left = node.type === 'assignment' || node.type === 'augmented_assignment' ? fieldOf(node, 'left') : undefined;
    if (
      left !== undefined &&
      (left.type !== 'identifier' || node.type === 'augmented_assignment') &&
      rootName(left)?.text === name
    )
      return true;
    if (node.type === 'call') {
      const callee = fieldOf(node, 'function');
      const method = callee?.type === 'attribute' ? (fieldOf(callee, 'attribute')?.text ?? '') : '';
      if (mutatingMethods.has(method) && rootName(callee)?.text === name) return true;
    }
    stack.push(...node.children);
  }
  return false;
}
