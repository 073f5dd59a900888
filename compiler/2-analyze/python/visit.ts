import type { Certainty } from '../../bundle/format.ts';
import type { CallSite, NameUse, Summary } from '../effects.ts';
import { boundBy, isComprehension, namesOfBlock, targetNames } from './bindings.ts';
import { callKnowledge, mutatingMethods, pureMethods } from './calls.ts';
import { mutatesParameter, parameterNames, rootName } from './parameters.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';

/** What a piece of code does to names of the module. */
export interface Findings {
  reads: NameUse[];
  binds: NameUse[];
  mutates: NameUse[];
  deletes: NameUse[];
  calls: CallSite[];
  summaries: Summary[];
  imports: string[];
  unobservable: NameUse[];
  unknown: { reason: string; range: SyntaxNode['range'] }[];
}

interface Scope {
  readonly kind: 'module' | 'function' | 'class';
  readonly bound: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly parent: Scope | undefined;
}

/** Makes empty findings. */
export function noFindings(): Findings {
  return {
    reads: [],
    binds: [],
    mutates: [],
    deletes: [],
    calls: [],
    summaries: [],
    imports: [],
    unobservable: [],
    unknown: [],
  };
}

/** Walks a module: what its top level does goes to the findings, what its functions would do to their summaries. */
export function visitModule(root: SyntaxNode): Findings {
  const scope: Scope = { kind: 'module', bound: new Set(), globals: new Set(), parent: undefined };
  const visitor = new Visitor(scope, noFindings(), new Set());
  for (const statement of root.children) visitor.visit(statement);
  return visitor.findings;
}

const branching: ReadonlySet<string> = new Set([
  'if_statement',
  'for_statement',
  'while_statement',
  'try_statement',
  'match_statement',
  'conditional_expression',
  'boolean_operator',
  'lambda',
  'list_comprehension',
  'set_comprehension',
  'dictionary_comprehension',
  'generator_expression',
]);

function excerpt(node: SyntaxNode): string {
  const line = node.text.split('\n', 1)[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

class Visitor {
  readonly findings: Findings;
  readonly #scope: Scope;
  /** Names certainly bound at module level by now; their reads see this cell's own value. */
  readonly #definite: Set<string>;
  #branches = 0;

  constructor(scope: Scope, findings: Findings, definite: Set<string>) {
    this.#scope = scope;
    this.findings = findings;
    this.#definite = definite;
  }

  visit(node: SyntaxNode): void {
    switch (node.type) {
      case 'function_definition':
        this.#function(node);
        return;
      case 'class_definition':
        this.#class(node);
        return;
      case 'lambda':
        this.#parameters(fieldOf(node, 'parameters'));
        this.#nested(node, parameterNames(fieldOf(node, 'parameters')), fieldOf(node, 'body'));
        return;
      case 'print_statement':
        // `print >>file, text` looks the name up, as any expression does.
        this.#readName('print', node);
        this.#default(node);
        return;
      case 'import_statement':
      case 'import_from_statement':
      case 'future_import_statement':
        this.#import(node);
        return;
      case 'assignment':
      case 'augmented_assignment':
        this.#assignment(node);
        return;
      case 'for_statement':
        this.#loop(node);
        return;
      case 'delete_statement':
        for (const child of node.children) this.#delete(child);
        return;
      case 'attribute':
        this.#inner(fieldOf(node, 'object'));
        return;
      case 'keyword_argument':
        this.#inner(fieldOf(node, 'value'));
        return;
      case 'call':
        this.#call(node);
        return;
      case 'identifier':
        this.#read(node);
        return;
      case 'global_statement':
      case 'nonlocal_statement':
        return;
      case 'case_pattern':
        for (const name of boundBy(node)) this.#bind(name, 'case');
        return;
      default:
        this.#default(node);
    }
  }

  #default(node: SyntaxNode): void {
    if (isComprehension(node)) {
      this.#comprehension(node);
      return;
    }
    const branch = branching.has(node.type);
    if (branch) this.#branches++;
    for (const child of node.children) {
      if (node.type === 'as_pattern' && child.field === 'alias') continue;
      if (node.type === 'named_expression' && child.field === 'name') continue;
      this.visit(child);
    }
    for (const name of boundBy(node)) this.#bind(name, excerpt(node));
    if (branch) this.#branches--;
  }

  #inner(node: SyntaxNode | undefined): void {
    if (node !== undefined) this.visit(node);
  }

  get #certainty(): Certainty {
    return this.#branches > 0 ? 'may' : 'must';
  }

  /** The scope a name belongs to, seen from here; `module` when it is a global. */
  #isGlobal(name: string): boolean {
    let scope: Scope | undefined = this.#scope;
    let own = true;
    // In a method it is a cell of the class's own.
    if (name === '__class__' && scope.parent?.kind === 'class') return false;
    while (scope !== undefined && scope.kind !== 'module') {
      if (scope.globals.has(name)) return true;
      if (scope.bound.has(name) && (own || scope.kind === 'function')) return false;
      own = false;
      scope = scope.parent;
    }
    return true;
  }

  #use(node: SyntaxNode, reason: string, assumed = false): NameUse {
    return { name: node.text, range: node.range, certainty: this.#certainty, assumed, reason };
  }

  #read(node: SyntaxNode, reason = ''): void {
    this.#readName(node.text, node, reason);
  }

  #readName(name: string, node: SyntaxNode, reason = ''): void {
    if (!this.#isGlobal(name)) return;
    if (this.#scope.kind !== 'function' && this.#definite.has(name)) return;
    this.findings.reads.push({ ...this.#use(node, reason), name });
  }

  #bind(node: SyntaxNode, reason: string): void {
    if (this.#scope.kind === 'module' || this.#scope.globals.has(node.text)) {
      this.findings.binds.push(this.#use(node, reason));
      if (this.#branches === 0 && this.#scope.kind === 'module') this.#definite.add(node.text);
    }
  }

  #mutate(node: SyntaxNode | undefined, reason: string, assumed = false): void {
    if (node !== undefined && this.#isGlobal(node.text)) this.findings.mutates.push(this.#use(node, reason, assumed));
  }

  #assignment(node: SyntaxNode): void {
    const left = fieldOf(node, 'left');
    this.#inner(fieldOf(node, 'type'));
    this.#inner(fieldOf(node, 'right'));
    if (left === undefined) return;
    const reason = excerpt(node);
    if (node.type === 'augmented_assignment') {
      this.visit(left);
      this.#mutate(rootName(left), reason);
    } else this.#target(left, reason);
    if (fieldOf(node, 'right') !== undefined) for (const name of targetNames(left)) this.#bind(name, reason);
  }

  /** Reads and mutations in an assignment's target. */
  #target(node: SyntaxNode, reason: string): void {
    if (node.type === 'identifier') return;
    if (node.type === 'attribute' || node.type === 'subscript') {
      for (const child of node.children)
        if (!(node.type === 'attribute' && child.field === 'attribute')) this.visit(child);
      this.#mutate(rootName(node), reason);
      return;
    }
    for (const child of node.children) this.#target(child, reason);
  }

  #loop(node: SyntaxNode): void {
    this.#inner(fieldOf(node, 'right'));
    this.#branches++;
    const left = fieldOf(node, 'left');
    if (left !== undefined) {
      this.#target(left, excerpt(node));
      for (const name of targetNames(left)) this.#bind(name, excerpt(node));
    }
    // In the body the loop's own names are certainly bound, after it they may not be.
    const fresh =
      left === undefined || this.#scope.kind !== 'module'
        ? []
        : targetNames(left)
            .map((name) => name.text)
            .filter((name) => !this.#definite.has(name));
    for (const name of fresh) this.#definite.add(name);
    const isElse = (child: SyntaxNode): boolean => child.type === 'else_clause';
    const inside = node.children.filter((child) => child.field !== 'left' && child.field !== 'right');
    for (const child of inside) if (!isElse(child)) this.visit(child);
    for (const name of fresh) this.#definite.delete(name);
    for (const child of inside) if (isElse(child)) this.visit(child);
    this.#branches--;
  }

  #delete(node: SyntaxNode): void {
    if (node.type === 'identifier') {
      if (!this.#isGlobal(node.text)) return;
      if (!this.#definite.has(node.text)) this.findings.unobservable.push(this.#use(node, 'del'));
      this.#read(node, 'del');
      this.findings.deletes.push(this.#use(node, `del ${node.text}`));
      this.#definite.delete(node.text);
    } else if (node.type === 'attribute' || node.type === 'subscript') {
      this.visit(node);
      this.#mutate(rootName(node), `del ${excerpt(node)}`);
    } else for (const child of node.children) this.#delete(child);
  }

  #import(node: SyntaxNode): void {
    const module = fieldOf(node, 'module_name');
    if (node.type === 'import_statement') {
      for (const child of node.children) {
        const name = child.type === 'aliased_import' ? fieldOf(child, 'name') : child;
        if (name !== undefined) this.findings.imports.push(name.text);
      }
    } else if (module?.type === 'dotted_name') this.findings.imports.push(module.text);
    if (node.children.some((child) => child.type === 'wildcard_import')) {
      this.findings.unknown.push({
        reason: `from ${module?.text ?? ''} import * binds names that are not in the text`,
        range: node.range,
      });
    }
    for (const name of boundBy(node)) this.#bind(name, excerpt(node));
  }

  #call(node: SyntaxNode): void {
    const callee = fieldOf(node, 'function');
    const list = fieldOf(node, 'arguments');
    this.#inner(callee);
    const positional: (string | undefined)[] = [];
    const keywords: Record<string, string> = {};
    for (const argument of list === undefined ? [] : list.type === 'argument_list' ? list.children : [list]) {
      this.visit(argument);
      if (argument.type === 'comment') continue;
      const value = argument.type === 'keyword_argument' ? fieldOf(argument, 'value') : argument;
      const root = rootName(value);
      if (argument.type === 'keyword_argument') {
        if (root !== undefined) keywords[fieldOf(argument, 'name')?.text ?? ''] = root.text;
      } else positional.push(root?.text);
    }
    if (callee === undefined) return;
    const path = /^[\w.]+$/.test(callee.text) ? callee.text : '';
    if (path !== '') this.findings.calls.push({ callee: path, positional, keywords, range: node.range });
    this.#callEffects(node, callee, list);
  }

  #callEffects(node: SyntaxNode, callee: SyntaxNode, list: SyntaxNode | undefined): void {
    const method = callee.type === 'attribute' ? (fieldOf(callee, 'attribute')?.text ?? '') : '';
    const known = callKnowledge(callee.text, method);
    if (known.unknown !== undefined && (known.always || !isLiteral(list?.children[0]))) {
      this.findings.unknown.push({ reason: known.unknown, range: node.range });
    }
    if (known.readsText) this.#namesInText(list);
    if (method === '') return;
    const receiver = rootName(fieldOf(callee, 'object'));
    const inplace = list?.children.some((child) => /^inplace\s*=\s*True$/.test(child.text)) === true;
    if (mutatingMethods.has(method) || inplace) this.#mutate(receiver, excerpt(node));
    else if (!pureMethods.has(method))
      this.#mutate(receiver, `call of ${callee.text}(), which is not known to leave it alone`, true);
  }

  /** Names in strings that a library evaluates where it cannot be watched. */
  #namesInText(list: SyntaxNode | undefined): void {
    for (const child of list?.children ?? []) {
      for (const found of child.text.matchAll(/[A-Za-z_]\w*/g)) {
        this.findings.unobservable.push({
          name: found[0],
          range: child.range,
          certainty: 'may',
          assumed: true,
          reason: 'named in a string that is evaluated',
        });
      }
    }
  }

  #function(node: SyntaxNode): void {
    const name = fieldOf(node, 'name');
    const parameters = fieldOf(node, 'parameters');
    this.#parameters(parameters);
    this.#inner(fieldOf(node, 'return_type'));
    const body = fieldOf(node, 'body');
    this.#nested(node, parameterNames(parameters), body, name);
    if (name !== undefined) this.#bind(name, `def ${name.text}`);
  }

  /** Default values and annotations are evaluated where the function is made. */
  #parameters(parameters: SyntaxNode | undefined): void {
    for (const parameter of parameters?.children ?? []) {
      this.#inner(fieldOf(parameter, 'value'));
      this.#inner(fieldOf(parameter, 'type'));
    }
  }

  #nested(node: SyntaxNode, parameters: readonly string[], body: SyntaxNode | undefined, name?: SyntaxNode): void {
    const block = namesOfBlock(body === undefined ? [] : [body]);
    const scope: Scope = {
      kind: 'function',
      bound: new Set([...parameters, ...block.bound]),
      globals: block.globals,
      parent: this.#scope,
    };
    const inner = new Visitor(scope, noFindings(), new Set());
    if (body !== undefined) inner.visit(body);
    const { reads, binds, mutates, calls, summaries, unobservable, unknown, deletes } = inner.findings;
    if (this.#scope.kind === 'module' || this.#scope.kind === 'class') {
      const mutated = parameters
        .map((parameter, position) => ({ name: parameter, position, assumed: false }))
        .filter((parameter) => mutatesParameter(body, parameter.name));
      this.findings.summaries.push(
        {
          name: name?.text ?? '<lambda>',
          kind: 'function',
          range: node.range,
          reads,
          binds,
          mutates,
          mutatedParameters: mutated,
          calls,
          state: [],
          outside: [],
        },
        ...summaries,
      );
      // A lambda is mostly called where it is written.
      if (name === undefined)
        for (const read of reads)
          if (!this.#definite.has(read.name)) this.findings.reads.push({ ...read, certainty: 'may' });
    } else {
      this.findings.reads.push(...reads);
      this.findings.binds.push(...binds);
      this.findings.mutates.push(...mutates);
      this.findings.calls.push(...calls);
      this.findings.summaries.push(...summaries);
    }
    this.findings.unobservable.push(...unobservable);
    this.findings.unknown.push(...unknown);
    this.findings.deletes.push(...deletes);
  }

  #class(node: SyntaxNode): void {
    const name = fieldOf(node, 'name');
    this.#inner(fieldOf(node, 'superclasses'));
    const body = fieldOf(node, 'body');
    const block = namesOfBlock(body === undefined ? [] : [body]);
    const scope: Scope = { kind: 'class', bound: block.bound, globals: block.globals, parent: this.#scope };
    const inner = new Visitor(scope, noFindings(), this.#definite);
    if (body !== undefined) inner.visit(body);
    const found = inner.findings;
    this.findings.reads.push(...found.reads);
    this.findings.mutates.push(...found.mutates);
    this.findings.calls.push(...found.calls);
    this.findings.unobservable.push(...found.unobservable);
    this.findings.unknown.push(...found.unknown);
    this.findings.imports.push(...found.imports);
    if (name !== undefined) {
      const methods = found.summaries;
      const all = (key: 'reads' | 'binds' | 'mutates'): NameUse[] => methods.flatMap((method) => [...method[key]]);
      this.findings.summaries.push(
        {
          name: name.text,
          kind: 'class',
          range: node.range,
          reads: all('reads'),
          binds: all('binds'),
          mutates: all('mutates'),
          mutatedParameters: [],
          calls: methods.flatMap((method) => [...method.calls]),
          state: [],
          outside: [],
        },
        ...methods.map((method) => ({ ...method, name: `${name.text}.${method.name}` })),
      );
      this.#bind(name, `class ${name.text}`);
    }
  }

  #comprehension(node: SyntaxNode): void {
    const bound = new Set<string>();
    const clauses = node.children.filter((child) => child.type === 'for_in_clause');
    for (const clause of clauses) {
      const left = fieldOf(clause, 'left');
      if (left !== undefined) for (const name of targetNames(left)) bound.add(name.text);
    }
    const [first] = clauses;
    this.#inner(first === undefined ? undefined : fieldOf(first, 'right'));
    const scope: Scope = { kind: 'function', bound, globals: new Set(), parent: this.#scope };
    const inner = new Visitor(scope, noFindings(), this.#definite);
    inner.#branches = 1;
    for (const child of node.children) {
      if (child.type !== 'for_in_clause') inner.visit(child);
      else if (child !== first) inner.#inner(fieldOf(child, 'right'));
    }
    const here = this.#scope.kind !== 'function';
    for (const read of inner.findings.reads)
      if (!(here && this.#definite.has(read.name))) this.findings.reads.push(read);
    this.findings.mutates.push(...inner.findings.mutates);
    this.findings.calls.push(...inner.findings.calls);
    this.findings.unobservable.push(...inner.findings.unobservable);
    this.findings.unknown.push(...inner.findings.unknown);
    // There may be nothing to go through.
    this.#branches++;
    for (const name of namesOfBlock([node]).bound) {
      const target = find(node, name);
      if (target !== undefined) this.#bind(target, ':=');
    }
    this.#branches--;
  }
}

function find(node: SyntaxNode, name: string): SyntaxNode | undefined {
  if (node.type === 'named_expression' && fieldOf(node, 'name')?.text === name) return fieldOf(node, 'name');
  for (const child of node.children) {
    const found = find(child, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isLiteral(node: SyntaxNode | undefined): boolean {
  return node?.type === 'string' && !node.children.some((child) => child.type === 'interpolation');
}
