import type { CallSite, Value } from '../steps.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';
import { ownerOf, variableName, type Scope } from './scope.ts';

/** What the walk has made of calls, functions and lambdas already; each is visited before what holds it. */
export interface Visited {
  readonly calls: WeakMap<SyntaxNode, CallSite>;
  readonly definitions: WeakMap<SyntaxNode, Value>;
}

/** What cannot be said. */
export const unknownValue: Value = { kind: 'unknown' };

const displays: Readonly<Record<string, string>> = {
  list: 'list',
  list_comprehension: 'list',
  dictionary: 'dict',
  dictionary_comprehension: 'dict',
  set: 'set',
  set_comprehension: 'set',
  generator_expression: 'generator',
  integer: 'int',
  float: 'float',
  true: 'bool',
  false: 'bool',
  none: 'NoneType',
  not_operator: 'bool',
  slice: 'slice',
};

/** The value of an expression that has been visited. */
export function valueOf(node: SyntaxNode | undefined, scope: Scope, visited: Visited): Value {
  if (node === undefined) return unknownValue;
  const inner = (child: SyntaxNode | undefined): Value => valueOf(child, scope, visited);
  const type = displays[node.type];
  if (type !== undefined)
    return type === 'bool' ? { kind: 'constant', type, text: node.text } : { kind: 'constant', type };
  switch (node.type) {
    case 'identifier': {
      const block = ownerOf(scope, node.text);
      return { kind: 'variable', name: variableName(node.text, block), local: block !== 0 };
    }
    case 'string':
    case 'concatenated_string':
      return stringValue(node);
    case 'tuple':
    case 'expression_list':
      return { kind: 'tuple', of: node.children.filter((child) => child.type !== 'comment').map(inner) };
    case 'attribute':
      return { kind: 'attribute', of: inner(fieldOf(node, 'object')), name: fieldOf(node, 'attribute')?.text ?? '' };
    case 'subscript': {
      const [key, ...more] = node.children.filter((child) => child.field === 'subscript');
      return {
        kind: 'item',
        of: inner(fieldOf(node, 'value')),
        key: more.length > 0 ? { kind: 'constant', type: 'tuple' } : inner(key),
      };
    }
    case 'call': {
      const call = visited.calls.get(node);
      return call === undefined ? unknownValue : { kind: 'result', call };
    }
    case 'lambda':
      return visited.definitions.get(node) ?? unknownValue;
    case 'binary_operator':
    case 'comparison_operator':
    case 'unary_operator':
      return { kind: 'arithmetic', of: node.children.filter(isOperand).map(inner) };
    case 'boolean_operator':
      return { kind: 'either', of: node.children.filter(isOperand).map(inner) };
    case 'conditional_expression':
      return { kind: 'either', of: [inner(node.children[0]), inner(node.children[2])] };
    case 'named_expression':
      return inner(fieldOf(node, 'value'));
    case 'assignment':
      return inner(fieldOf(node, 'left'));
    case 'parenthesized_expression':
    case 'await':
    case 'as_pattern':
      return inner(node.children.find((child) => child.type !== 'comment'));
    case 'list_splat':
    case 'dictionary_splat':
      return { kind: 'element', of: inner(node.children[0]) };
    default:
      return unknownValue;
  }
}

function isOperand(node: SyntaxNode): boolean {
  return node.field !== 'operator' && node.field !== 'operators' && node.type !== 'comment';
}

function stringValue(node: SyntaxNode): Value {
  const [start, content, end] = node.children;
  const prefix = /^[a-z]*/i.exec(node.text)?.[0].toLowerCase() ?? '';
  if (prefix.includes('b')) return { kind: 'constant', type: 'bytes' };
  const plain = node.type === 'string' && prefix === '' && start?.type === 'string_start';
  if (plain && content?.type === 'string_content' && end?.type === 'string_end' && content.children.length === 0)
    return { kind: 'constant', type: 'str', text: content.text };
  return { kind: 'constant', type: 'str' };
}
