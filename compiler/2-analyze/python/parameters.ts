import { targetNames } from './bindings.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';

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
