import { fieldOf, type SyntaxNode } from './parse.ts';

/** The first place in a tree, in source order, that Python 3 does not accept. */
export function firstError(node: SyntaxNode, parent?: SyntaxNode): SyntaxNode | undefined {
  if (node.isError || isRejected(node, parent)) return node;
  for (const child of node.children) {
    const found = firstError(child, node);
    if (found !== undefined) return found;
  }
  return undefined;
}

const blockFields: Readonly<Record<string, string>> = {
  for_statement: 'body',
  while_statement: 'body',
  with_statement: 'body',
  function_definition: 'body',
  class_definition: 'body',
  try_statement: 'body',
  if_statement: 'consequence',
  elif_clause: 'consequence',
  else_clause: 'body',
};

/** The grammar takes what Python 3 does not: much of Python 2, blocks that hold comments only, a bare `a as b`. */
function isRejected(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  switch (node.type) {
    case 'exec_statement':
      return true;
    case 'print_statement':
      // `print >>file, text` is valid in Python 3: a tuple.
      return !node.children.some((child) => child.type === 'chevron');
    case 'tuple_pattern':
      return parent?.type === 'parameters' || parent?.type === 'lambda_parameters';
    case 'as_pattern':
      return parent?.type === 'expression_statement';
    case 'integer':
      return /^0[0-9_]*[1-9]|[lL]$/.test(node.text);
    case 'operators':
    case '<>':
      return node.text === '<>';
    case 'raise_statement':
      return node.children.some((child) => child.type === 'expression_list');
    case 'except_clause':
      return node.children.filter((child) => child.field === 'value').length > 1;
    case 'string_start':
      return /^ur|^`/i.test(node.text);
    case 'argument_list':
      return hasPositionalAfterKeyword(node);
    default:
      return hasEmptyBlock(node);
  }
}

function hasEmptyBlock(node: SyntaxNode): boolean {
  const field = blockFields[node.type];
  if (field === undefined) return false;
  const body = fieldOf(node, field);
  return body === undefined || (body.type === 'block' && body.children.every((child) => child.type === 'comment'));
}

function hasPositionalAfterKeyword(list: SyntaxNode): boolean {
  const first = list.children.findIndex(({ type }) => type === 'keyword_argument');
  const after = first < 0 ? [] : list.children.slice(first + 1);
  const others: readonly string[] = ['keyword_argument', 'dictionary_splat', 'list_splat', 'comment'];
  return after.some(({ type }) => !others.includes(type));
}
