import type { Summary } from '../effects.ts';
import type { Value } from '../steps.ts';
import { Calls } from './calls.ts';
import type { Findings } from './findings.ts';
import type { ts } from './load.ts';
import { pathOfModule } from './modules.ts';
import { functionNames, parametersOf } from './parameters.ts';
import { hoistedNames, importedNames, isTopLevel, namesOfBlock, variableName, type Scope } from './scope.ts';
import { isGlobalObject, unknownValue } from './values.ts';
import type { CellWalk } from './walk.ts';

/** Walks a cell: what its top level does goes to the findings, what its functions would do to their summaries. */
export function visitCell(cell: CellWalk): Findings {
  const { typescript, file, statements } = cell;
  const bound = new Set([...namesOfBlock(typescript, statements), ...hoistedNames(typescript, file)]);
  const scope: Scope = { kind: 'module', block: 0, bound, parent: undefined, ownThis: false };
  const visitor = new Visitor(scope, new Set(), cell);
  visitor.statements(statements);
  return visitor.findings;
}

class Visitor extends Calls {
  /** Statements of a block: functions are there before the first of them runs. */
  statements(statements: readonly ts.Statement[]): void {
    const ts = this.ts;
    for (const statement of statements) if (ts.isFunctionDeclaration(statement)) this.functionDeclaration(statement);
    for (const statement of statements) if (!ts.isFunctionDeclaration(statement)) this.visit(statement);
  }

  visit(node: ts.Node | undefined): void {
    if (node === undefined || this.isTypeOnly(node)) return;
    if (this.visitStatement(node) || this.visitExpression(node)) return;
    const branch = this.isBranch(node);
    if (branch) this.branches++;
    this.ts.forEachChild(node, (child) => this.visit(child));
    if (branch) this.branches--;
  }

  protected isTypeOnly(node: ts.Node): boolean {
    const ts = this.ts;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return true;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isTypeParameterDeclaration(node))
      return true;
    return (
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) === true
    );
  }

  protected isBranch(node: ts.Node): boolean {
    const ts = this.ts;
    return (
      ts.isIfStatement(node) ||
      ts.isIterationStatement(node, false) ||
      ts.isTryStatement(node) ||
      ts.isSwitchStatement(node) ||
      ts.isConditionalExpression(node)
    );
  }

  protected visitStatement(node: ts.Node): boolean {
    const ts = this.ts;
    if (ts.isVariableDeclaration(node)) this.variable(node);
    else if (ts.isFunctionDeclaration(node)) this.functionDeclaration(node);
    else if (ts.isClassDeclaration(node)) {
      const value = this.class(node);
      if (node.name !== undefined) this.bind(node.name, `class ${node.name.text}`, value);
    } else if (ts.isEnumDeclaration(node)) {
      for (const member of node.members) this.visit(member.initializer);
      this.bind(node.name, `enum ${node.name.text}`, { kind: 'constant', type: 'Object' });
    } else if (ts.isModuleDeclaration(node)) this.namespace(node);
    else if (ts.isImportDeclaration(node)) this.import(node);
    else if (ts.isImportEqualsDeclaration(node)) this.bind(node.name, this.excerpt(node));
    else if (ts.isExportDeclaration(node)) this.exported(node);
    else if (ts.isBlock(node)) this.block(node.statements);
    else if (ts.isCaseBlock(node))
      this.block(
        node.clauses.flatMap((clause) => [...clause.statements]),
        node.clauses,
      );
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) this.loop(node);
    else if (ts.isForStatement(node)) this.forLoop(node);
    else if (ts.isCatchClause(node)) this.catch(node);
    else if (ts.isReturnStatement(node)) {
      this.visit(node.expression);
      this.findings.steps.push({
        kind: 'return',
        value: node.expression === undefined ? { kind: 'constant', type: 'undefined' } : this.value(node.expression),
      });
    } else if (ts.isWithStatement(node)) {
      this.unknown(node, 'with puts names of an object in the way of all others');
      return false;
    } else if (ts.isExpressionStatement(node)) {
      this.visit(node.expression);
      this.lasting(node.expression);
    } else if (ts.isLabeledStatement(node)) this.visit(node.statement);
    else return ts.isBreakOrContinueStatement(node);
    return true;
  }

  protected visitExpression(node: ts.Node): boolean {
    const ts = this.ts;
    if (ts.isIdentifier(node)) this.readName(node.text, node);
    else if (ts.isPropertyAccessExpression(node)) {
      if (isGlobalObject(node.expression, this.around)) this.lookForName(node.name.text, node, this.excerpt(node));
      else this.visit(node.expression);
    } else if (ts.isElementAccessExpression(node)) this.element(node);
    else if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.call(node);
    else if (ts.isTaggedTemplateExpression(node)) this.tagged(node);
    else if (ts.isBinaryExpression(node)) this.binary(node);
    else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) this.unary(node);
    else if (ts.isDeleteExpression(node)) this.delete(node);
    else if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) this.nested(node, functionNames(ts, node));
    else if (ts.isClassExpression(node)) this.class(node);
    else if (ts.isObjectLiteralExpression(node)) for (const property of node.properties) this.property(property);
    else if (ts.isYieldExpression(node)) {
      this.visit(node.expression);
      this.findings.steps.push({ kind: 'return', value: { kind: 'constant', type: 'Generator' } });
    } else if (ts.isJsxOpeningLikeElement(node)) this.jsx(node);
    else return ts.isJsxClosingElement(node) || ts.isMetaProperty(node);
    return true;
  }

  protected variable(node: ts.VariableDeclaration): void {
    const ts = this.ts;
    const list = node.parent;
    this.visit(node.initializer);
    const isVar = ts.isVariableDeclarationList(list) && (list.flags & ts.NodeFlags.BlockScoped) === 0;
    if (node.initializer === undefined && isVar && ts.isIdentifier(node.name)) {
      // It keeps what the name holds already.
      this.lookForName(node.name.text, node.name);
      this.branches++;
      this.bind(node.name, this.excerpt(node), { kind: 'constant', type: 'undefined' });
      this.branches--;
      return;
    }
    const value: Value =
      node.initializer === undefined ? { kind: 'constant', type: 'undefined' } : this.value(node.initializer);
    this.pattern(node.name, value, this.excerpt(node));
    this.pending(node);
  }

  protected functionDeclaration(node: ts.FunctionDeclaration): void {
    if (node.body === undefined || this.isTypeOnly(node)) return;
    const value = this.nested(node, functionNames(this.ts, node));
    if (node.name !== undefined) this.bind(node.name, `function ${node.name.text}`, value);
  }

  protected namespace(node: ts.ModuleDeclaration): void {
    const ts = this.ts;
    if (node.body === undefined || !ts.isModuleBlock(node.body)) {
      this.unknown(node, 'a namespace of this kind is not looked into');
      return;
    }
    this.block(node.body.statements);
    if (ts.isIdentifier(node.name))
      this.bind(node.name, `namespace ${node.name.text}`, { kind: 'constant', type: 'Object' });
  }

  protected block(statements: readonly ts.Statement[], instead?: readonly ts.Node[]): void {
    const inner = this.enclosed(namesOfBlock(this.cell.typescript, statements));
    if (instead === undefined) inner.statements(statements);
    else for (const child of instead) this.ts.forEachChild(child, (one) => inner.visit(one));
    this.join(inner);
  }

  /** A visitor for a block inside of this one. */
  protected enclosed(bound: ReadonlySet<string>): Visitor {
    const scope: Scope = { kind: 'block', block: ++this.cell.blocks, bound, parent: this.scope, ownThis: false };
    const inner = new Visitor(scope, this.definite, this.cell);
    inner.branches = this.branches;
    return inner;
  }

  protected join({ findings }: Visitor): void {
    for (const key of ['reads', 'binds', 'deletes', 'steps', 'summaries', 'imports', 'outlives', 'unknown'] as const)
      (this.findings[key] as unknown[]).push(...findings[key]);
  }

  protected loop(node: ts.ForOfStatement | ts.ForInStatement): void {
    const ts = this.ts;
    this.visit(node.expression);
    this.branches++;
    const { initializer } = node;
    const value: Value = ts.isForOfStatement(node)
      ? { kind: 'element', of: this.value(node.expression) }
      : { kind: 'constant', type: 'string' };
    const declared = ts.isVariableDeclarationList(initializer) ? initializer : undefined;
    const isScoped = declared !== undefined && (declared.flags & ts.NodeFlags.BlockScoped) !== 0;
    const names = isScoped
      ? namesOfBlock(this.cell.typescript, [ts.factory.createVariableStatement(undefined, declared)])
      : new Set<string>();
    const inner = this.enclosed(names);
    for (const { name } of declared?.declarations ?? []) inner.pattern(name, value, this.excerpt(node));
    if (declared === undefined) inner.target(initializer, value, this.excerpt(node));
    inner.visit(node.statement);
    this.join(inner);
    this.branches--;
  }

  protected forLoop(node: ts.ForStatement): void {
    const ts = this.ts;
    const { initializer } = node;
    const isScoped =
      initializer !== undefined &&
      ts.isVariableDeclarationList(initializer) &&
      (initializer.flags & ts.NodeFlags.BlockScoped) !== 0;
    const inner = this.enclosed(
      isScoped
        ? namesOfBlock(this.cell.typescript, [ts.factory.createVariableStatement(undefined, initializer)])
        : new Set(),
    );
    inner.visit(initializer);
    inner.visit(node.condition);
    inner.branches++;
    inner.visit(node.statement);
    inner.visit(node.incrementor);
    this.join(inner);
  }

  protected catch(node: ts.CatchClause): void {
    const variable = node.variableDeclaration;
    const names = variable === undefined ? [] : [this.ts.factory.createVariableStatement(undefined, [variable])];
    const inner = this.enclosed(namesOfBlock(this.cell.typescript, names));
    if (variable !== undefined) inner.pattern(variable.name, unknownValue, this.excerpt(node));
    inner.visit(node.block);
    this.join(inner);
  }

  protected import(node: ts.ImportDeclaration): void {
    const ts = this.ts;
    if (!ts.isStringLiteral(node.moduleSpecifier) || node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword)
      return;
    const module = node.moduleSpecifier.text;
    const names = importedNames(this.cell.typescript, node);
    this.findings.imports.push(module);
    const path = pathOfModule(module);
    for (const name of names) {
      const { parent } = name;
      const member = ts.isImportSpecifier(parent) ? (parent.propertyName ?? parent.name).text : undefined;
      const isWhole = member === undefined || member === 'default';
      this.bind(name, this.excerpt(node), { kind: 'import', path: isWhole ? path : `${path}.${member}` });
    }
  }

  protected exported(node: ts.ExportDeclaration): void {
    if (node.moduleSpecifier === undefined) return;
    this.unknown(node, 'export … from is no statement of a cell');
  }

  /** A function, which is walked as if it were called now; what it would do is its summary. */
  protected nested(
    node: ts.FunctionLikeDeclaration,
    { name, isDirect, role }: ReturnType<typeof functionNames>,
  ): Value {
    const ts = this.ts;
    for (const parameter of node.parameters)
      if (ts.canHaveDecorators(parameter))
        for (const decorator of ts.getDecorators(parameter) ?? []) this.visit(decorator);
    const isArrow = ts.isArrowFunction(node);
    const { names, patterns } = parametersOf(ts, node);
    const parameters = isArrow ? names : ['this', ...names];
    const own = ts.isFunctionExpression(node) && node.name !== undefined ? [node.name.text] : [];
    const bound = new Set([
      ...parameters,
      ...own,
      ...patterns.flatMap(({ bound: inner }) => inner),
      ...(isArrow ? [] : ['arguments']),
    ]);
    const { body } = node;
    if (body !== undefined) {
      for (const hoisted of hoistedNames(this.cell.typescript, body)) bound.add(hoisted);
      if (ts.isBlock(body))
        for (const declared of namesOfBlock(this.cell.typescript, body.statements)) bound.add(declared);
    }
    const scope: Scope = { kind: 'function', block: ++this.cell.blocks, bound, parent: this.scope, ownThis: !isArrow };
    const inner = new Visitor(scope, new Set(), this.cell);
    for (const parameter of node.parameters) inner.visit(parameter.initializer);
    for (const { parameter, binding } of patterns)
      inner.pattern(binding, { kind: 'variable', name: variableName(parameter, scope.block), local: true }, '');
    if (body !== undefined && ts.isBlock(body)) inner.statements(body.statements);
    else if (body !== undefined) {
      inner.visit(body);
      inner.findings.steps.push({ kind: 'return', value: inner.value(body) });
    }
    const { reads, binds, steps, summaries } = inner.findings;
    const summary: Summary = {
      name,
      kind: 'function',
      parameters,
      receiver: isArrow ? 'never' : 'always',
      ...(role !== undefined && { role }),
      block: scope.block,
      reads,
      binds,
      steps,
      methods: [],
      bases: [],
    };
    if (!isTopLevel(this.scope)) {
      this.findings.reads.push(...reads);
      this.findings.binds.push(...binds);
    } else {
      this.findings.summaries.push(summary);
      // What is handed to a call is mostly called there.
      if (isDirect)
        for (const read of reads)
          if (!this.definite.has(read.name)) this.findings.reads.push({ ...read, certainty: 'may' });
    }
    this.findings.summaries.push(...summaries);
    this.findings.deletes.push(...inner.findings.deletes);
    this.findings.imports.push(...inner.findings.imports);
    this.findings.unknown.push(...inner.findings.unknown);
    const value: Value = { kind: 'definition', summary };
    this.cell.visited.definitions.set(node, value);
    return value;
  }

  protected class(node: ts.ClassLikeDeclaration): Value {
    const ts = this.ts;
    for (const decorator of ts.getDecorators(node) ?? []) this.visit(decorator);
    const heritage = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const [base] = heritage?.types ?? [];
    this.visit(base?.expression);
    const own = node.name === undefined ? [] : [node.name.text];
    const block = ++this.cell.blocks;
    // Inside of the class its name is the class's own; at the top level that is the notebook's variable as well.
    const bound = new Set(this.scope.kind === 'module' ? [] : own);
    const scope: Scope = { kind: 'block', block, bound, parent: this.scope, ownThis: true };
    const inner = new Visitor(scope, this.definite, this.cell);
    const methods: Summary[] = [];
    const name = node.name?.text ?? '<class>';
    for (const member of node.members) {
      if (ts.canHaveDecorators(member)) for (const decorator of ts.getDecorators(member) ?? []) this.visit(decorator);
      if (member.name !== undefined && ts.isComputedPropertyName(member.name)) this.visit(member.name.expression);
      const value = inner.classMember(member);
      if (value?.kind === 'definition') methods.push(value.summary);
    }
    const found = inner.findings;
    this.findings.reads.push(...found.reads.filter((read) => !own.includes(read.name)));
    this.findings.steps.push(...found.steps);
    this.findings.unknown.push(...found.unknown);
    this.findings.imports.push(...found.imports);
    const summary: Summary = {
      name,
      kind: 'class',
      parameters: [],
      receiver: 'always',
      block,
      reads: methods.flatMap((method) => method.reads).filter((read) => !own.includes(read.name)),
      binds: methods.flatMap((method) => method.binds),
      steps: [],
      methods,
      bases: base === undefined ? [] : [this.value(base.expression)],
    };
    this.findings.summaries.push(summary, ...methods.map((method) => ({ ...method, name: `${name}.${method.name}` })));
    const value: Value = { kind: 'definition', summary };
    this.cell.visited.definitions.set(node, value);
    return value;
  }

  /** A method, or a field: one of each object runs where the object is made, one of the class itself where that is. */
  protected classMember(member: ts.ClassElement): Value | undefined {
    const ts = this.ts;
    if (ts.isClassStaticBlockDeclaration(member)) this.statements(member.body.statements);
    else if (ts.isPropertyDeclaration(member)) {
      const isStatic = ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
      const { initializer } = member;
      if (initializer === undefined) return undefined;
      if (isStatic || ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)) {
        this.visit(initializer);
        const value = this.value(initializer);
        return value.kind === 'definition' ? value : undefined;
      }
      return this.field(initializer);
    } else if (ts.isFunctionLike(member) && 'body' in member && member.body !== undefined)
      return this.nested(member, functionNames(ts, member));
    return undefined;
  }

  /** The value of a field, as a method that runs with the constructor. */
  protected field(initializer: ts.Expression): Value {
    const block = ++this.cell.blocks;
    const scope: Scope = { kind: 'function', block, bound: new Set(['this']), parent: this.scope, ownThis: true };
    const inner = new Visitor(scope, new Set(), this.cell);
    inner.visit(initializer);
    const { reads, binds, steps, summaries, unknown } = inner.findings;
    this.findings.summaries.push(...summaries);
    this.findings.unknown.push(...unknown);
    const made = {
      name: '<field>',
      kind: 'function',
      parameters: ['this'],
      receiver: 'always',
      role: 'implicit',
    } as const;
    return { kind: 'definition', summary: { ...made, block, reads, binds, steps, methods: [], bases: [] } };
  }

  protected override method(node: ts.MethodDeclaration | ts.AccessorDeclaration): void {
    this.nested(node, functionNames(this.ts, node));
  }
}
