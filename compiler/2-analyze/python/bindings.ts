import { fieldOf, type SyntaxNode } from './parse.ts';

/** Names that a block binds, and those it declares to be of another scope (Python Language Reference, section 4.2.1). */
export interface BlockNames {
  readonly bound: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly nonlocals: ReadonlySet<string>;
}

const comprehensions: ReadonlySet<string> = new Set([
  'list_comprehension',
  'set_comprehension',
  'dictionary_comprehension',
  'generator_expression',
]);

/** True for the four comprehensions, which are scopes of their own. */
export function isComprehension(node: SyntaxNode): boolean {
  return comprehensions.has(node.type);
}

/** Identifiers that an assignment target binds; `a.b` and `a[0]` bind nothing. */
export function targetNames(node: SyntaxNode): SyntaxNode[] {
  switch (node.type) {
    case 'identifier':
      return [node];
    case 'attribute':
    case 'subscript':
    case 'call':
      return [];
    default:
      return node.children.flatMap(targetNames);
  }
}

/** Everything that one block binds, nested functions and classes by their name only. */
export function namesOfBlock(nodes: readonly SyntaxNode[]): BlockNames {
  const bound = new Set<string>();
  const globals = new Set<string>();
  const nonlocals = new Set<string>();
  const add = (targets: readonly SyntaxNode[]): void => {
    for (const target of targets) bound.add(target.text);
  };
  const walk = (node: SyntaxNode, inComprehension: boolean): void => {
    if (node.type === 'function_definition' || node.type === 'class_definition') {
      add(fieldOf(node, 'name') === undefined ? [] : [fieldOf(node, 'name') as SyntaxNode]);
      for (const child of node.children)
        if (child.field !== 'body' && child.field !== 'name') walk(child, inComprehension);
      return;
    }
    if (node.type === 'lambda') return;
    const scoped = inComprehension || isComprehension(node);
    if (node.type === 'global_statement') for (const name of node.children) globals.add(name.text);
    else if (node.type === 'nonlocal_statement') for (const name of node.children) nonlocals.add(name.text);
    else if (!(scoped && node.type === 'for_in_clause')) add(boundBy(node));
    for (const child of node.children) walk(child, scoped);
  };
  for (const node of nodes) walk(node, false);
  for (const name of [...globals, ...nonlocals]) bound.delete(name);
  return { bound, globals, nonlocals };
}

/** Identifiers bound by a node itself, not by what is below it. */
export function boundBy(node: SyntaxNode): SyntaxNode[] {
  const left = fieldOf(node, 'left');
  switch (node.type) {
    case 'assignment':
    case 'augmented_assignment':
    case 'for_statement':
      return left === undefined ? [] : targetNames(left);
    case 'named_expression': {
      const name = fieldOf(node, 'name');
      return name === undefined ? [] : [name];
    }
    case 'as_pattern': {
      const alias = fieldOf(node, 'alias');
      return alias === undefined ? [] : targetNames(alias);
    }
    case 'import_statement':
    case 'import_from_statement':
    case 'future_import_statement':
      return importedNames(node).map(({ name }) => name);
    case 'case_pattern':
      return captures(node);
    case 'type_alias_statement':
      return left === undefined ? [] : targetNames(left).slice(0, 1);
    default:
      return [];
  }
}

/** The names that an import statement binds, with the dotted path of what each stands for. */
export function importedNames(node: SyntaxNode): { readonly name: SyntaxNode; readonly path: string }[] {
  const module = fieldOf(node, 'module_name')?.text;
  return node.children
    .filter((child) => child.field === 'name')
    .map((child) => {
      const alias = child.type === 'aliased_import' ? fieldOf(child, 'alias') : undefined;
      const dotted = child.type === 'aliased_import' ? (fieldOf(child, 'name') ?? child) : child;
      const first = dotted.children.find((part) => part.type === 'identifier') ?? dotted;
      if (module !== undefined) return { name: alias ?? first, path: `${module}.${dotted.text}` };
      return { name: alias ?? first, path: alias === undefined ? first.text : dotted.text };
    });
}

/** Names captured by a pattern of `match`: plain names that are no dotted value, no keyword and not `_`. */
function captures(node: SyntaxNode): SyntaxNode[] {
  switch (node.type) {
    case 'dotted_name': {
      const [only, more] = node.children;
      return only !== undefined && more === undefined && only.text !== '_' ? [only] : [];
    }
    case 'class_pattern':
      return node.children.slice(1).flatMap(captures);
    case 'keyword_pattern':
      return node.children.slice(1).flatMap(captures);
    case 'splat_pattern':
      return node.children.filter((child) => child.type === 'identifier' && child.text !== '_');
    case 'as_pattern':
      return node.children.flatMap((child) =>
        child.field === 'alias' || child.type === 'identifier' ? targetNames(child) : captures(child),
      );
    case 'case_pattern':
    case 'list_pattern':
    case 'tuple_pattern':
    case 'dict_pattern':
    case 'union_pattern':
    case '_simple_pattern':
      return node.children.flatMap(captures);
    default:
      return [];
  }
}
