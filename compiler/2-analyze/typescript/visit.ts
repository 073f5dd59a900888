import type { Certainty } from '../../bundle/format.ts';
import type { NameUse, Summary } from '../effects.ts';
import type { CallSite, Step, Value } from '../steps.ts';
import { noFindings, type Findings } from './findings.ts';
import type { ts, TypeScript } from './load.ts';
import { pathOfModule } from './modules.ts';
import { functionNames, parametersOf, partsOfPattern } from './parameters.ts';
import { hoistedNames, importedNames, isTopLevel, namesOfBlock, ownerOf, variableName, type Scope } from './scope.ts';
import { isGlobalObject, unknownValue, valueOf, type Around, type Visited } from './values.ts';

/** What the visitors of one cell share. */
export interface CellWalk {
  readonly typescript: TypeScript;
  readonly file: ts.SourceFile;
  /** Those of the cell itself, without what joins it to the others. */
  readonly statements: readonly ts.Statement[];
  readonly visited: Visited;
  typesOf(node: ts.Expression): readonly string[];
  /** True when the value is a promise, as far as the checker knows. */
  isPromise(node: ts.Expression): boolean;
  blocks: number;
}

/** Walks a cell: what its top level does goes to the findings, what its functions would do to their summaries. */
export function visitCell(cell: CellWalk): Findings {
  const { typescript, file, statements } = cell;
  const bound = new Set([...namesOfBlock(typescript, statements), ...hoistedNames(typescript, file)]);
  const scope: Scope = { kind: 'module', block: 0, bound, parent: undefined, ownThis: false };
  const visitor = new Visitor(scope, new Set(), cell);
  visitor.statements(statements);
  return visitor.findings;
}

class Visitor {
  readonly findings: Findings = noFindings();
  readonly #scope: Scope;
  readonly #cell: CellWalk;
  readonly #ts: TypeScript['ts'];
  /** Names certainly bound at the top level by now; their reads see this cell's own value. */
  readonly #definite: Set<string>;
  #branches = 0;

  constructor(scope: Scope, definite: Set<string>, cell: CellWalk) {
    this.#scope = scope;
    this.#definite = definite;
    this.#cell = cell;
    this.#ts = cell.typescript.ts;
  }

  /** Statements of a block: functions are there before the first of them runs. */
  statements(statements: readonly ts.Statement[]): void {
    const ts = this.#ts;
    for (const statement of statements) if (ts.isFunctionDeclaration(statement)) this.#functionDeclaration(statement);
    for (const statement of statements) if (!ts.isFunctionDeclaration(statement)) this.visit(statement);
  }

  visit(node: ts.Node | undefined): void {
    if (node === undefined || this.#isTypeOnly(node)) return;
    if (this.#visitStatement(node) || this.#visitExpression(node)) return;
    const branch = this.#isBranch(node);
    if (branch) this.#branches++;
    this.#ts.forEachChild(node, (child) => this.visit(child));
    if (branch) this.#branches--;
  }

  #isTypeOnly(node: ts.Node): boolean {
    const ts = this.#ts;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return true;
    if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isTypeParameterDeclaration(node))
      return true;
    return (
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) === true
    );
  }

  #isBranch(node: ts.Node): boolean {
    const ts = this.#ts;
    return ts.isIfStatement(node) || ts.isIterationStatement(node, false) || ts.isTryStatement(node) || ts.isSwitchStatement(node) || ts.isConditionalExpression(node);
  }

  #visitStatement(node: ts.Node): boolean {
    const ts = this.#ts;
    if (ts.isVariableDeclaration(node)) this.#variable(node);
    else if (ts.isFunctionDeclaration(node)) this.#functionDeclaration(node);
    else if (ts.isClassDeclaration(node)) {
      const value = this.#class(node);
      if (node.name !== undefined) this.#bind(node.name, `class ${node.name.text}`, value);
    } else if (ts.isEnumDeclaration(node)) {
      for (const member of node.members) this.visit(member.initializer);
      this.#bind(node.name, `enum ${node.name.text}`, { kind: 'constant', type: 'Object' });
    } else if (ts.isModuleDeclaration(node)) this.#namespace(node);
    else if (ts.isImportDeclaration(node)) this.#import(node);
    else if (ts.isImportEqualsDeclaration(node)) this.#bind(node.name, this.#excerpt(node));
    else if (ts.isExportDeclaration(node)) this.#exported(node);
    else if (ts.isBlock(node)) this.#block(node.statements);
    else if (ts.isCaseBlock(node)) this.#block(node.clauses.flatMap((clause) => [...clause.statements]), node.clauses);
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) this.#loop(node);
    else if (ts.isForStatement(node)) this.#forLoop(node);
    else if (ts.isCatchClause(node)) this.#catch(node);
    else if (ts.isReturnStatement(node)) {
      this.visit(node.expression);
      this.findings.steps.push({ kind: 'return', value: node.expression === undefined ? { kind: 'constant', type: 'undefined' } : this.#value(node.expression) });
    } else if (ts.isWithStatement(node)) {
      this.#unknown(node, 'with puts names of an object in the way of all others');
      return false;
    } else if (ts.isExpressionStatement(node)) {
      this.visit(node.expression);
      this.#lasting(node.expression);
    } else if (ts.isLabeledStatement(node)) this.visit(node.statement);
    else return ts.isBreakOrContinueStatement(node);
    return true;
  }

  #visitExpression(node: ts.Node): boolean {
    const ts = this.#ts;
    if (ts.isIdentifier(node)) this.#readName(node.text, node);
    else if (ts.isPropertyAccessExpression(node)) {
      if (isGlobalObject(node.expression, this.#around)) this.#readName(node.name.text, node, this.#excerpt(node), 'may');
      else this.visit(node.expression);
    } else if (ts.isElementAccessExpression(node)) this.#element(node);
    else if (ts.isCallExpression(node) || ts.isNewExpression(node)) this.#call(node);
    else if (ts.isTaggedTemplateExpression(node)) this.#tagged(node);
    else if (ts.isBinaryExpression(node)) this.#binary(node);
    else if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) this.#unary(node);
    else if (ts.isDeleteExpression(node)) this.#delete(node);
    else if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) this.#nested(node, functionNames(ts, node));
    else if (ts.isClassExpression(node)) this.#class(node);
    else if (ts.isObjectLiteralExpression(node)) for (const property of node.properties) this.#property(property);
    else if (ts.isYieldExpression(node)) {
      this.visit(node.expression);
      this.findings.steps.push({ kind: 'return', value: { kind: 'constant', type: 'Generator' } });
    } else if (ts.isJsxOpeningLikeElement(node)) this.#jsx(node);
    else return ts.isJsxClosingElement(node) || ts.isMetaProperty(node);
    return true;
  }

  get #around(): Around {
    const { typescript, visited } = this.#cell;
    return { typescript, scope: this.#scope, visited, typesOf: (node) => this.#cell.typesOf(node) };
  }

  #value(node: ts.Node | undefined): Value {
    return valueOf(node, this.#around);
  }

  get #certainty(): Certainty {
    return this.#branches > 0 ? 'may' : 'must';
  }

  #range(node: ts.Node): NameUse['range'] {
    const { file } = this.#cell;
    const place = (at: number): NameUse['range']['start'] => {
      const { line, character } = file.getLineAndCharacterOfPosition(at);
      return { line, column: character };
    };
    return { start: place(node.getStart(file)), end: place(node.getEnd()) };
  }

  #excerpt(node: ts.Node): string {
    const text = node.getText(this.#cell.file);
    const end = text.indexOf('\n');
    const line = end < 0 ? text : text.slice(0, end);
    return line.length > 60 ? `${line.slice(0, 57)}…` : line;
  }

  #use(node: ts.Node, name: string, reason: string): NameUse {
    return { name, range: this.#range(node), certainty: this.#certainty, assumed: false, reason };
  }

  #unknown(node: ts.Node, reason: string): void {
    this.findings.unknown.push({ reason, range: this.#range(node) });
  }

  #readName(name: string, node: ts.Node, reason = '', certainty?: Certainty): void {
    if (name === 'undefined' || ownerOf(this.#scope, name) !== 0) return;
    if (isTopLevel(this.#scope) && this.#definite.has(name)) return;
    this.findings.reads.push({ ...this.#use(node, name, reason), ...(certainty !== undefined && { certainty }) });
  }

  /** Binds a name where it is declared, or assigned from further inside. */
  #bindName(name: string, node: ts.Node, reason: string, value: Value): void {
    const block = ownerOf(this.#scope, name);
    if (block === 0) {
      this.findings.binds.push(this.#use(node, name, reason));
      if (this.#branches === 0 && isTopLevel(this.#scope)) this.#definite.add(name);
    }
    const step = { name: variableName(name, block), local: block !== 0, value, certainty: this.#certainty };
    this.findings.steps.push({ kind: 'bind', ...step });
  }

  #bind(node: ts.Identifier, reason: string, value: Value = unknownValue): void {
    this.#bindName(node.text, node, reason, value);
  }

  #change(target: ts.Node, reason: string): void {
    const step: Step = {
      kind: 'change',
      target: this.#value(target),
      range: this.#range(target),
      certainty: this.#certainty,
      reason,
    };
    this.findings.steps.push(step);
  }

  #variable(node: ts.VariableDeclaration): void {
    const ts = this.#ts;
    const list = node.parent;
    this.visit(node.initializer);
    const isVar = ts.isVariableDeclarationList(list) && (list.flags & ts.NodeFlags.BlockScoped) === 0;
    if (node.initializer === undefined && isVar && ts.isIdentifier(node.name)) {
      // It keeps what the name holds already.
      this.#readName(node.name.text, node.name, '', 'may');
      this.#branches++;
      this.#bind(node.name, this.#excerpt(node), { kind: 'constant', type: 'undefined' });
      this.#branches--;
      return;
    }
    const value: Value = node.initializer === undefined ? { kind: 'constant', type: 'undefined' } : this.#value(node.initializer);
    this.pattern(node.name, value, this.#excerpt(node));
    if (node.initializer !== undefined) this.#pending(node.initializer);
  }

  /** Names that a pattern binds, with what each gets. */
  pattern(name: ts.BindingName, value: Value, reason: string): void {
    const ts = this.#ts;
    if (ts.isIdentifier(name)) {
      this.#bind(name, reason, value);
      return;
    }
    for (const { element, part } of partsOfPattern(ts, name, value)) {
      if (element.propertyName !== undefined && ts.isComputedPropertyName(element.propertyName))
        this.visit(element.propertyName.expression);
      if (element.initializer !== undefined) {
        this.#branches++;
        this.visit(element.initializer);
        this.#branches--;
      }
      const given: Value =
        element.initializer === undefined ? part : { kind: 'either', of: [part, this.#value(element.initializer)] };
      this.pattern(element.name, given, reason);
    }
  }

  #functionDeclaration(node: ts.FunctionDeclaration): void {
    if (node.body === undefined || this.#isTypeOnly(node)) return;
    const value = this.#nested(node, functionNames(this.#ts, node));
    if (node.name !== undefined) this.#bind(node.name, `function ${node.name.text}`, value);
  }

  #namespace(node: ts.ModuleDeclaration): void {
    const ts = this.#ts;
    if (node.body === undefined || !ts.isModuleBlock(node.body)) {
      this.#unknown(node, 'a namespace of this kind is not looked into');
      return;
    }
    this.#block(node.body.statements);
    if (ts.isIdentifier(node.name)) this.#bind(node.name, `namespace ${node.name.text}`, { kind: 'constant', type: 'Object' });
  }

  #block(statements: readonly ts.Statement[], instead?: readonly ts.Node[]): void {
    const inner = this.#enclosed(namesOfBlock(this.#cell.typescript, statements));
    if (instead === undefined) inner.statements(statements);
    else for (const child of instead) this.#ts.forEachChild(child, (one) => inner.visit(one));
    this.#join(inner);
  }

  /** A visitor for a block inside of this one. */
  #enclosed(bound: ReadonlySet<string>): Visitor {
    const scope: Scope = { kind: 'block', block: ++this.#cell.blocks, bound, parent: this.#scope, ownThis: false };
    const inner = new Visitor(scope, this.#definite, this.#cell);
    inner.#branches = this.#branches;
    return inner;
  }

  #join({ findings }: Visitor): void {
    for (const key of ['reads', 'binds', 'deletes', 'steps', 'summaries', 'imports', 'outlives', 'unknown'] as const)
      (this.findings[key] as unknown[]).push(...findings[key]);
  }

  #loop(node: ts.ForOfStatement | ts.ForInStatement): void {
    const ts = this.#ts;
    this.visit(node.expression);
    this.#branches++;
    const { initializer } = node;
    const value: Value = ts.isForOfStatement(node) ? { kind: 'element', of: this.#value(node.expression) } : { kind: 'constant', type: 'string' };
    const declared = ts.isVariableDeclarationList(initializer) ? initializer : undefined;
    const isScoped = declared !== undefined && (declared.flags & ts.NodeFlags.BlockScoped) !== 0;
    const names = isScoped ? namesOfBlock(this.#cell.typescript, [ts.factory.createVariableStatement(undefined, declared)]) : new Set<string>();
    const inner = this.#enclosed(names);
    for (const { name } of declared?.declarations ?? []) inner.pattern(name, value, this.#excerpt(node));
    if (declared === undefined) inner.#target(initializer, value, this.#excerpt(node));
    inner.visit(node.statement);
    this.#join(inner);
    this.#branches--;
  }

  #forLoop(node: ts.ForStatement): void {
    const ts = this.#ts;
    const { initializer } = node;
    const isScoped = initializer !== undefined && ts.isVariableDeclarationList(initializer) && (initializer.flags & ts.NodeFlags.BlockScoped) !== 0;
    const inner = this.#enclosed(
      isScoped ? namesOfBlock(this.#cell.typescript, [ts.factory.createVariableStatement(undefined, initializer)]) : new Set(),
    );
    inner.visit(initializer);
    inner.visit(node.condition);
    inner.#branches++;
    inner.visit(node.statement);
    inner.visit(node.incrementor);
    this.#join(inner);
  }

  #catch(node: ts.CatchClause): void {
    const variable = node.variableDeclaration;
    const names = variable === undefined ? [] : [this.#ts.factory.createVariableStatement(undefined, [variable])];
    const inner = this.#enclosed(namesOfBlock(this.#cell.typescript, names));
    if (variable !== undefined) inner.pattern(variable.name, unknownValue, this.#excerpt(node));
    inner.visit(node.block);
    this.#join(inner);
  }

  #import(node: ts.ImportDeclaration): void {
    const ts = this.#ts;
    if (!ts.isStringLiteral(node.moduleSpecifier) || node.importClause?.isTypeOnly === true) return;
    const module = node.moduleSpecifier.text;
    const names = importedNames(this.#cell.typescript, node);
    this.findings.imports.push(module);
    const path = pathOfModule(module);
    for (const name of names) {
      const { parent } = name;
      const member = ts.isImportSpecifier(parent) ? (parent.propertyName ?? parent.name).text : undefined;
      const isWhole = member === undefined || member === 'default';
      this.#bind(name, this.#excerpt(node), { kind: 'import', path: isWhole ? path : `${path}.${member}` });
    }
  }

  #exported(node: ts.ExportDeclaration): void {
    if (node.moduleSpecifier === undefined) return;
    this.#unknown(node, 'export … from is no statement of a cell');
  }

  #element(node: ts.ElementAccessExpression): void {
    const ts = this.#ts;
    if (isGlobalObject(node.expression, this.#around)) {
      if (ts.isStringLiteralLike(node.argumentExpression)) {
        this.#readName(node.argumentExpression.text, node, this.#excerpt(node), 'may');
        return;
      }
      this.#unknown(node, `${this.#excerpt(node)} may be any variable`);
    } else this.visit(node.expression);
    this.visit(node.argumentExpression);
  }

  #call(node: ts.CallExpression | ts.NewExpression): void {
    const ts = this.#ts;
    const callee = node.expression;
    if (callee.kind === ts.SyntaxKind.ImportKeyword) this.#dynamicImport(node);
    else if (callee.kind !== ts.SyntaxKind.SuperKeyword) this.visit(callee);
    const given = node.arguments ?? [];
    const keywords: { name: string; value: Value }[] = [];
    for (const argument of given) this.visit(argument);
    const last = given.at(-1);
    // Options are mostly the last argument, as an object that is written there.
    if (last !== undefined && ts.isObjectLiteralExpression(last))
      for (const property of last.properties)
        if (ts.isPropertyAssignment(property) && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)))
          keywords.push({ name: property.name.text, value: this.#value(property.initializer) });
    this.#site(node, callee, { positional: given.map((argument) => this.#value(argument)), keywords });
  }

  #site(
    node: ts.CallExpression | ts.NewExpression | ts.TaggedTemplateExpression,
    callee: ts.Expression,
    given: Pick<CallSite, 'positional' | 'keywords'>,
  ): void {
    const call: CallSite = {
      callee: this.#value(callee),
      calleeText: this.#excerpt(callee),
      ...given,
      argumentText: node.getText(this.#cell.file).slice(callee.getText(this.#cell.file).length),
      range: this.#range(node),
      certainty: this.#certainty,
      reason: this.#excerpt(node),
      ...(this.#ts.isNewExpression(node) && { makesObject: true }),
    };
    this.#cell.visited.calls.set(node, call);
    this.findings.steps.push({ kind: 'call', call });
  }

  #tagged(node: ts.TaggedTemplateExpression): void {
    const ts = this.#ts;
    this.visit(node.tag);
    this.visit(node.template);
    const spans = ts.isTemplateExpression(node.template) ? node.template.templateSpans : [];
    const positional = [unknownValue, ...spans.map(({ expression }) => this.#value(expression))];
    this.#site(node, node.tag, { positional, keywords: [] });
  }

  #dynamicImport(node: ts.CallExpression | ts.NewExpression): void {
    const [first] = node.arguments ?? [];
    if (first !== undefined && this.#ts.isStringLiteralLike(first)) this.findings.imports.push(first.text);
    else this.#unknown(node, `${this.#excerpt(node)} loads what the text does not name`);
  }

  #binary(node: ts.BinaryExpression): void {
    const ts = this.#ts;
    const { left, right, operatorToken } = node;
    const { kind } = operatorToken;
    if (kind === ts.SyntaxKind.EqualsToken) {
      this.visit(right);
      this.#target(left, this.#value(right), this.#excerpt(node));
      return;
    }
    const isShort =
      kind === ts.SyntaxKind.BarBarEqualsToken ||
      kind === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
      kind === ts.SyntaxKind.QuestionQuestionEqualsToken;
    if (kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment) {
      this.visit(left);
      const branch = kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.QuestionQuestionToken;
      if (branch) this.#branches++;
      this.visit(right);
      if (branch) this.#branches--;
      return;
    }
    this.visit(left);
    if (isShort) this.#branches++;
    this.visit(right);
    this.#target(left, this.#value(node), this.#excerpt(node));
    if (isShort) this.#branches--;
  }

  /** Reads, changes and bindings of an assignment's target. */
  #target(node: ts.Node, value: Value, reason: string): void {
    const ts = this.#ts;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
      this.#target(node.expression, value, reason);
    else if (ts.isIdentifier(node)) this.#assign(node, value, reason);
    else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) this.#member(node, value, reason);
    else if (ts.isArrayLiteralExpression(node))
      node.elements.forEach((element, position) => {
        if (ts.isSpreadElement(element)) this.#target(element.expression, { kind: 'constant', type: 'Array' }, reason);
        else if (!ts.isOmittedExpression(element)) this.#target(element, { kind: 'part', of: value, position }, reason);
      });
    else if (ts.isObjectLiteralExpression(node))
      for (const property of node.properties) {
        if (ts.isShorthandPropertyAssignment(property)) this.#assign(property.name, { kind: 'attribute', of: value, name: property.name.text }, reason);
        else if (ts.isPropertyAssignment(property)) this.#target(property.initializer, { kind: 'attribute', of: value, name: property.name.getText(this.#cell.file) }, reason);
        else if (ts.isSpreadAssignment(property)) this.#target(property.expression, { kind: 'constant', type: 'Object' }, reason);
      }
    else if (ts.isBinaryExpression(node)) {
      // A default value of destructuring.
      this.#branches++;
      this.visit(node.right);
      this.#branches--;
      this.#target(node.left, value, reason);
    } else this.visit(node);
  }

  /** An assignment needs that the name was declared, and not as a constant: the cell that did so comes before. */
  #assign(node: ts.Identifier, value: Value, reason: string): void {
    const isOwn = this.#scope.kind === 'module' && this.#scope.bound.has(node.text);
    if (!isOwn) this.#readName(node.text, node, reason);
    this.#bind(node, reason, value);
  }

  #member(node: ts.PropertyAccessExpression | ts.ElementAccessExpression, value: Value, reason: string): void {
    const ts = this.#ts;
    if (!isGlobalObject(node.expression, this.#around)) {
      this.visit(node);
      this.#change(node, reason);
      return;
    }
    const key = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
    if (ts.isIdentifier(key) || ts.isStringLiteralLike(key)) {
      if (ts.isPropertyAccessExpression(node) || ts.isStringLiteralLike(key)) {
        this.#bindName(key.text, node, reason, value);
        return;
      }
    }
    this.#unknown(node, `${reason} may bind any variable`);
  }

  #unary(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): void {
    const ts = this.#ts;
    this.visit(node.operand);
    if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
      this.#target(node.operand, { kind: 'constant', type: 'primitive' }, this.#excerpt(node));
  }

  #delete(node: ts.DeleteExpression): void {
    const ts = this.#ts;
    const { expression } = node;
    if (ts.isPropertyAccessExpression(expression) && isGlobalObject(expression.expression, this.#around)) {
      const { text } = expression.name;
      this.#readName(text, expression, 'delete', 'may');
      this.findings.deletes.push({ ...this.#use(expression, text, this.#excerpt(node)), certainty: 'may' });
      this.#definite.delete(text);
    } else {
      this.visit(expression);
      if (ts.isPropertyAccessExpression(expression) || ts.isElementAccessExpression(expression))
        this.#change(expression, this.#excerpt(node));
    }
  }

  #property(node: ts.ObjectLiteralElementLike): void {
    const ts = this.#ts;
    if (node.name !== undefined && ts.isComputedPropertyName(node.name)) this.visit(node.name.expression);
    if (ts.isShorthandPropertyAssignment(node)) this.#readName(node.name.text, node.name);
    else if (ts.isPropertyAssignment(node)) this.visit(node.initializer);
    else if (ts.isSpreadAssignment(node)) this.visit(node.expression);
    else this.#nested(node, functionNames(ts, node));
  }

  #jsx(node: ts.JsxOpeningLikeElement): void {
    const ts = this.#ts;
    const { tagName } = node;
    if (ts.isIdentifier(tagName)) {
      if (/^[A-Z_$]/.test(tagName.text)) this.#readName(tagName.text, tagName);
    } else this.visit(tagName);
    this.#readName('React', node, 'JSX', 'may');
    this.visit(node.attributes);
  }

  /** A statement whose promise nothing waits for, in a cell that ends before it. */
  #lasting(expression: ts.Expression): void {
    if (this.#scope.kind === 'function') return;
    if (this.#ts.isAwaitExpression(expression)) return;
    if (this.#cell.isPromise(expression))
      this.findings.outlives.push({ range: this.#range(expression), reason: `nothing waits for ${this.#excerpt(expression)}` });
  }

  /** A promise that a variable holds: whether the cell waits for it is seen from its other uses. */
  #pending(initializer: ts.Expression): void {
    if (this.#ts.isAwaitExpression(initializer) || !isTopLevel(this.#scope)) return;
    if (this.#cell.isPromise(initializer))
      this.findings.outlives.push({ range: this.#range(initializer), reason: `${this.#excerpt(initializer)} may not be done when the cell ends` });
  }

  /** A function, which is walked as if it were called now; what it would do is its summary. */
  #nested(node: ts.FunctionLikeDeclaration, { name, isDirect, role }: ReturnType<typeof functionNames>): Value {
    const ts = this.#ts;
    for (const parameter of node.parameters)
      if (ts.canHaveDecorators(parameter)) for (const decorator of ts.getDecorators(parameter) ?? []) this.visit(decorator);
    const isArrow = ts.isArrowFunction(node);
    const { names, patterns } = parametersOf(ts, node);
    const parameters = isArrow ? names : ['this', ...names];
    const own = ts.isFunctionExpression(node) && node.name !== undefined ? [node.name.text] : [];
    const bound = new Set([...parameters, ...own, ...patterns.flatMap(({ bound: inner }) => inner), ...(isArrow ? [] : ['arguments'])]);
    const { body } = node;
    if (body !== undefined) {
      for (const hoisted of hoistedNames(this.#cell.typescript, body)) bound.add(hoisted);
      if (ts.isBlock(body)) for (const declared of namesOfBlock(this.#cell.typescript, body.statements)) bound.add(declared);
    }
    const scope: Scope = { kind: 'function', block: ++this.#cell.blocks, bound, parent: this.#scope, ownThis: !isArrow };
    const inner = new Visitor(scope, new Set(), this.#cell);
    for (const parameter of node.parameters) inner.visit(parameter.initializer);
    for (const { parameter, binding } of patterns)
      inner.pattern(binding, { kind: 'variable', name: variableName(parameter, scope.block), local: true }, '');
    if (body !== undefined && ts.isBlock(body)) inner.statements(body.statements);
    else if (body !== undefined) {
      inner.visit(body);
      inner.findings.steps.push({ kind: 'return', value: inner.#value(body) });
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
    if (!isTopLevel(this.#scope)) {
      this.findings.reads.push(...reads);
      this.findings.binds.push(...binds);
    } else {
      this.findings.summaries.push(summary);
      // What is handed to a call is mostly called there.
      if (isDirect) for (const read of reads) if (!this.#definite.has(read.name)) this.findings.reads.push({ ...read, certainty: 'may' });
    }
    this.findings.summaries.push(...summaries);
    this.findings.deletes.push(...inner.findings.deletes);
    this.findings.imports.push(...inner.findings.imports);
    this.findings.unknown.push(...inner.findings.unknown);
    const value: Value = { kind: 'definition', summary };
    this.#cell.visited.definitions.set(node, value);
    return value;
  }

  #class(node: ts.ClassLikeDeclaration): Value {
    const ts = this.#ts;
    for (const decorator of ts.getDecorators(node) ?? []) this.visit(decorator);
    const heritage = node.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const [base] = heritage?.types ?? [];
    this.visit(base?.expression);
    const own = node.name === undefined ? [] : [node.name.text];
    const block = ++this.#cell.blocks;
    // Inside of the class its name is the class's own; at the top level that is the notebook's variable as well.
    const bound = new Set(this.#scope.kind === 'module' ? [] : own);
    const scope: Scope = { kind: 'block', block, bound, parent: this.#scope, ownThis: true };
    const inner = new Visitor(scope, this.#definite, this.#cell);
    const methods: Summary[] = [];
    const name = node.name?.text ?? '<class>';
    for (const member of node.members) {
      if (ts.canHaveDecorators(member)) for (const decorator of ts.getDecorators(member) ?? []) this.visit(decorator);
      if (member.name !== undefined && ts.isComputedPropertyName(member.name)) this.visit(member.name.expression);
      const value = inner.#classMember(member);
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
      bases: base === undefined ? [] : [this.#value(base.expression)],
    };
    this.findings.summaries.push(summary, ...methods.map((method) => ({ ...method, name: `${name}.${method.name}` })));
    const value: Value = { kind: 'definition', summary };
    this.#cell.visited.definitions.set(node, value);
    return value;
  }

  /** A method, or a field: one of each object runs where the object is made, one of the class itself where that is. */
  #classMember(member: ts.ClassElement): Value | undefined {
    const ts = this.#ts;
    if (ts.isClassStaticBlockDeclaration(member)) this.statements(member.body.statements);
    else if (ts.isPropertyDeclaration(member)) {
      const isStatic = ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) === true;
      const { initializer } = member;
      if (initializer === undefined) return undefined;
      if (isStatic || ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)) {
        this.visit(initializer);
        const value = this.#value(initializer);
        return value.kind === 'definition' ? value : undefined;
      }
      return this.#field(initializer);
    } else if (ts.isFunctionLike(member) && 'body' in member && member.body !== undefined)
      return this.#nested(member as ts.MethodDeclaration, functionNames(ts, member as ts.MethodDeclaration));
    return undefined;
  }

  /** The value of a field, as a method that runs with the constructor. */
  #field(initializer: ts.Expression): Value {
    const block = ++this.#cell.blocks;
    const scope: Scope = { kind: 'function', block, bound: new Set(['this']), parent: this.#scope, ownThis: true };
    const inner = new Visitor(scope, new Set(), this.#cell);
    inner.visit(initializer);
    const { reads, binds, steps, summaries, unknown } = inner.findings;
    this.findings.summaries.push(...summaries);
    this.findings.unknown.push(...unknown);
    const made = { name: '<field>', kind: 'function', parameters: ['this'], receiver: 'always', role: 'implicit' } as const;
    return { kind: 'definition', summary: { ...made, block, reads, binds, steps, methods: [], bases: [] } };
  }
}
