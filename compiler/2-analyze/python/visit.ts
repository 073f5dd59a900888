import type { Certainty } from '../../bundle/format.ts';
import type { NameUse, Summary } from '../effects.ts';
import type { CallSite, Step, Value } from '../steps.ts';
import { boundBy, importedNames, isComprehension, namesOfBlock, targetNames } from './bindings.ts';
import { parameterNames } from './parameters.ts';
import { fieldOf, type SyntaxNode } from './parse.ts';
import { ownerOf, variableName, type Scope } from './scope.ts';
import { unknownValue, valueOf, type Visited } from './values.ts';

/** What a piece of code does to names of the module. */
export interface Findings {
  reads: NameUse[];
  binds: NameUse[];
  deletes: NameUse[];
  steps: Step[];
  summaries: Summary[];
  imports: string[];
  unobservable: NameUse[];
}

/** Makes empty findings. */
function noFindings(): Findings {
  return { reads: [], binds: [], deletes: [], steps: [], summaries: [], imports: [], unobservable: [] };
}

/** What the visitors of one cell share. */
interface Cell {
  readonly visited: Visited;
  blocks: number;
}

/** Walks a module: what its top level does goes to the findings, what its functions would do to their summaries. */
export function visitModule(root: SyntaxNode): Findings {
  const scope: Scope = { kind: 'module', block: 0, bound: new Set(), globals: new Set(), parent: undefined };
  const cell: Cell = { visited: { calls: new WeakMap(), definitions: new WeakMap() }, blocks: 0 };
  const visitor = new Visitor(scope, new Set(), cell);
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
  const end = node.text.indexOf('\n');
  const line = end < 0 ? node.text : node.text.slice(0, end);
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

class Visitor {
  readonly findings: Findings = noFindings();
  readonly #scope: Scope;
  readonly #cell: Cell;
  /** Names certainly bound at module level by now; their reads see this cell's own value. */
  readonly #definite: Set<string>;
  #branches = 0;

  constructor(scope: Scope, definite: Set<string>, cell: Cell) {
    this.#scope = scope;
    this.#definite = definite;
    this.#cell = cell;
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
      case 'except_clause':
      case 'except_group_clause':
        this.#default(node);
        this.#handled(node);
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
        this.#readName(node.text, node);
        return;
      case 'global_statement':
      case 'nonlocal_statement':
        return;
      case 'case_pattern':
        for (const name of boundBy(node)) this.#bind(name, 'case');
        return;
      case 'return_statement':
        this.#default(node);
        this.findings.steps.push({ kind: 'return', value: this.#value(node.children[0]) });
        return;
      case 'yield':
        this.#default(node);
        this.findings.steps.push({ kind: 'return', value: { kind: 'constant', type: 'generator' } });
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
    const alias = node.type === 'as_pattern' ? fieldOf(node, 'alias') : undefined;
    for (const child of node.children) {
      if (child === alias || (node.type === 'named_expression' && child.field === 'name')) continue;
      this.visit(child);
    }
    if (alias !== undefined) this.#target(alias, this.#value(node.children[0]), excerpt(node));
    else for (const name of boundBy(node)) this.#bind(name, excerpt(node), this.#value(fieldOf(node, 'value')));
    if (branch) this.#branches--;
  }

  #inner(node: SyntaxNode | undefined): void {
    if (node !== undefined) this.visit(node);
  }

  #value(node: SyntaxNode | undefined): Value {
    return valueOf(node, this.#scope, this.#cell.visited);
  }

  get #certainty(): Certainty {
    return this.#branches > 0 ? 'may' : 'must';
  }

  #use(node: SyntaxNode, reason: string): NameUse {
    return { name: node.text, range: node.range, certainty: this.#certainty, assumed: false, reason };
  }

  #readName(name: string, node: SyntaxNode, reason = ''): void {
    if (ownerOf(this.#scope, name) !== 0) return;
    if (this.#scope.kind !== 'function' && this.#definite.has(name)) return;
    this.findings.reads.push({ ...this.#use(node, reason), name });
  }

  #bind(node: SyntaxNode, reason: string, value: Value = unknownValue): void {
    if (this.#scope.kind === 'module' || this.#scope.globals.has(node.text)) {
      this.findings.binds.push(this.#use(node, reason));
      if (this.#branches === 0 && this.#scope.kind === 'module') this.#definite.add(node.text);
    }
    const block = ownerOf(this.#scope, node.text);
    const name = variableName(node.text, block);
    this.findings.steps.push({ kind: 'bind', name, local: block !== 0, value, certainty: this.#certainty });
  }

  #change(target: SyntaxNode, reason: string): void {
    const step = { target: this.#value(target), range: target.range, certainty: this.#certainty, reason };
    this.findings.steps.push({ kind: 'change', ...step });
  }

  #assignment(node: SyntaxNode): void {
    const left = fieldOf(node, 'left');
    const right = fieldOf(node, 'right');
    this.#inner(fieldOf(node, 'type'));
    this.#inner(right);
    if (left === undefined) return;
    const reason = excerpt(node);
    if (node.type === 'augmented_assignment') {
      this.visit(left);
      this.#change(left, reason);
      const value: Value = { kind: 'augmented', of: this.#value(left), by: this.#value(right) };
      if (left.type === 'identifier') this.#bind(left, reason, value);
    } else if (right !== undefined) this.#target(left, this.#value(right), reason);
    else if (left.type !== 'identifier') this.visit(left);
  }

  /** Reads, changes and bindings of an assignment's target. */
  #target(node: SyntaxNode, value: Value, reason: string): void {
    if (node.type === 'identifier') {
      this.#bind(node, reason, value);
      return;
    }
    if (node.type === 'attribute' || node.type === 'subscript') {
      this.visit(node);
      this.#change(node, reason);
      return;
    }
    const single = node.type === 'as_pattern_target' || node.type === 'parenthesized_expression';
    const splat = node.type === 'list_splat_pattern' || node.type === 'list_splat';
    const parts = node.children.filter((child) => child.type !== 'comment');
    parts.forEach((part, position) => {
      if (single) this.#target(part, value, reason);
      else if (splat) this.#target(part, { kind: 'constant', type: 'list' }, reason);
      else this.#target(part, { kind: 'part', of: value, position }, reason);
    });
  }

  #loop(node: SyntaxNode): void {
    const right = fieldOf(node, 'right');
    this.#inner(right);
    this.#branches++;
    const left = fieldOf(node, 'left');
    const fresh =
      left === undefined || this.#scope.kind !== 'module'
        ? []
        : targetNames(left)
            .map((name) => name.text)
            .filter((name) => !this.#definite.has(name));
    if (left !== undefined) this.#target(left, { kind: 'element', of: this.#value(right) }, excerpt(node));
    // In the body the loop's own names are certainly bound, after it they may not be.
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
      if (ownerOf(this.#scope, node.text) !== 0) return;
      if (!this.#definite.has(node.text)) this.findings.unobservable.push(this.#use(node, 'del'));
      this.#readName(node.text, node, 'del');
      this.findings.deletes.push(this.#use(node, `del ${node.text}`));
      this.#definite.delete(node.text);
    } else if (node.type === 'attribute' || node.type === 'subscript') {
      this.visit(node);
      this.#change(node, `del ${excerpt(node)}`);
    } else for (const child of node.children) this.#delete(child);
  }

  /** The name of the error is deleted at the end of the clause. */
  #handled(clause: SyntaxNode): void {
    const caught = clause.children.find(({ type }) => type === 'as_pattern');
    const alias = fieldOf(clause, 'alias') ?? (caught === undefined ? undefined : fieldOf(caught, 'alias'));
    if (alias === undefined || this.#scope.kind !== 'module') return;
    this.#branches++;
    for (const name of targetNames(alias)) {
      this.findings.deletes.push(this.#use(name, excerpt(clause)));
      this.#definite.delete(name.text);
    }
    this.#branches--;
  }

  #import(node: SyntaxNode): void {
    const module = fieldOf(node, 'module_name');
    if (node.type === 'import_statement') {
      for (const child of node.children) {
        const name = child.type === 'aliased_import' ? fieldOf(child, 'name') : child;
        if (name !== undefined) this.findings.imports.push(name.text);
      }
    } else if (module?.type === 'dotted_name') this.findings.imports.push(module.text);
    if (node.children.some((child) => child.type === 'wildcard_import'))
      this.findings.steps.push({ kind: 'star', module: module?.text ?? '', range: node.range });
    for (const { name, path } of importedNames(node)) this.#bind(name, excerpt(node), { kind: 'import', path });
  }

  #call(node: SyntaxNode): void {
    const callee = fieldOf(node, 'function');
    const list = fieldOf(node, 'arguments');
    this.#inner(callee);
    const positional: Value[] = [];
    const keywords: { name: string; value: Value }[] = [];
    for (const argument of list === undefined ? [] : list.type === 'argument_list' ? list.children : [list]) {
      this.visit(argument);
      if (argument.type === 'comment') continue;
      if (argument.type === 'keyword_argument')
        keywords.push({
          name: fieldOf(argument, 'name')?.text ?? '',
          value: this.#value(fieldOf(argument, 'value')),
        });
      else positional.push(this.#value(argument));
    }
    if (callee === undefined) return;
    const call: CallSite = {
      callee: this.#value(callee),
      calleeText: excerpt(callee),
      positional,
      keywords,
      argumentText: list?.text ?? '',
      range: node.range,
      certainty: this.#certainty,
      reason: excerpt(node),
    };
    this.#cell.visited.calls.set(node, call);
    this.findings.steps.push({ kind: 'call', call });
  }

  #function(node: SyntaxNode): void {
    const name = fieldOf(node, 'name');
    const parameters = fieldOf(node, 'parameters');
    this.#parameters(parameters);
    this.#inner(fieldOf(node, 'return_type'));
    const value = this.#nested(node, parameterNames(parameters), fieldOf(node, 'body'));
    if (name !== undefined) this.#bind(name, `def ${name.text}`, value);
  }

  /** Default values and annotations are evaluated where the function is made. */
  #parameters(parameters: SyntaxNode | undefined): void {
    for (const parameter of parameters?.children ?? []) {
      this.#inner(fieldOf(parameter, 'value'));
      this.#inner(fieldOf(parameter, 'type'));
    }
  }

  #nested(node: SyntaxNode, parameters: readonly string[], body: SyntaxNode | undefined): Value {
    const block = namesOfBlock(body === undefined ? [] : [body]);
    const scope: Scope = {
      kind: 'function',
      block: ++this.#cell.blocks,
      bound: new Set([...parameters, ...block.bound]),
      globals: block.globals,
      parent: this.#scope,
    };
    const inner = new Visitor(scope, new Set(), this.#cell);
    const isLambda = node.type === 'lambda';
    if (body !== undefined) inner.visit(body);
    if (isLambda) inner.findings.steps.push({ kind: 'return', value: inner.#value(body) });
    const { reads, binds, steps, summaries, unobservable, deletes } = inner.findings;
    const name = isLambda ? '<lambda>' : (fieldOf(node, 'name')?.text ?? '');
    const made = { kind: 'function', name, parameters, block: scope.block, reads, binds, steps } as const;
    const role = name === '__init__' ? 'constructor' : name.startsWith('__') ? 'implicit' : undefined;
    const summary: Summary = {
      ...made,
      receiver: 'if-any',
      ...(role !== undefined && { role }),
      methods: [],
      bases: [],
    };
    if (this.#scope.kind === 'function') {
      this.findings.reads.push(...reads);
      this.findings.binds.push(...binds);
    } else {
      this.findings.summaries.push(summary);
      // A lambda is mostly called where it is written.
      if (isLambda)
        for (const read of reads)
          if (!this.#definite.has(read.name)) this.findings.reads.push({ ...read, certainty: 'may' });
    }
    this.findings.summaries.push(...summaries);
    this.findings.unobservable.push(...unobservable);
    this.findings.deletes.push(...deletes);
    const value: Value = { kind: 'definition', summary };
    this.#cell.visited.definitions.set(node, value);
    return value;
  }

  #class(node: SyntaxNode): void {
    const name = fieldOf(node, 'name');
    const bases = fieldOf(node, 'superclasses');
    this.#inner(bases);
    const body = fieldOf(node, 'body');
    const names = namesOfBlock(body === undefined ? [] : [body]);
    const block = ++this.#cell.blocks;
    const scope: Scope = { kind: 'class', block, bound: names.bound, globals: names.globals, parent: this.#scope };
    const inner = new Visitor(scope, this.#definite, this.#cell);
    if (body !== undefined) inner.visit(body);
    const found = inner.findings;
    this.findings.reads.push(...found.reads);
    this.findings.steps.push(...found.steps);
    this.findings.unobservable.push(...found.unobservable);
    this.findings.imports.push(...found.imports);
    if (name === undefined) return;
    const methods = found.summaries;
    const summary: Summary = {
      name: name.text,
      kind: 'class',
      parameters: [],
      receiver: 'if-any',
      block,
      reads: methods.flatMap((method) => method.reads),
      binds: methods.flatMap((method) => method.binds),
      steps: [],
      methods: methods.filter((method) => method.kind === 'function' && /^\w+$/.test(method.name)),
      bases: (bases?.children ?? [])
        .filter((child) => child.type !== 'keyword_argument' && child.type !== 'comment')
        .map((child) => this.#value(child)),
    };
    this.findings.summaries.push(
      summary,
      ...methods.map((method) => ({ ...method, name: `${name.text}.${method.name}` })),
    );
    this.#bind(name, `class ${name.text}`, { kind: 'definition', summary });
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
    const block = ++this.#cell.blocks;
    const scope: Scope = { kind: 'function', block, bound, globals: new Set(), parent: this.#scope };
    const inner = new Visitor(scope, this.#definite, this.#cell);
    inner.#branches = 1;
    for (const clause of clauses) {
      const [left, right] = [fieldOf(clause, 'left'), fieldOf(clause, 'right')];
      const visitor = clause === first ? this : inner;
      if (clause !== first) inner.#inner(right);
      if (left !== undefined) inner.#target(left, { kind: 'element', of: visitor.#value(right) }, excerpt(clause));
    }
    for (const child of node.children) if (child.type !== 'for_in_clause') inner.visit(child);
    const here = this.#scope.kind !== 'function';
    for (const read of inner.findings.reads)
      if (!(here && this.#definite.has(read.name))) this.findings.reads.push(read);
    this.findings.steps.push(...inner.findings.steps);
    this.findings.unobservable.push(...inner.findings.unobservable);
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
