import type { CallSite, Value } from '../steps.ts';
import { Assignments } from './assignments.ts';
import type { ts } from './load.ts';
import { isTopLevel, ownerOf } from './scope.ts';
import { unknownValue } from './values.ts';

const timers: ReadonlySet<string> = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);

/** Calls, and what goes on when the cell has ended. */
export abstract class Calls extends Assignments {
  protected call(node: ts.CallExpression | ts.NewExpression): void {
    const ts = this.ts;
    const callee = node.expression;
    if (callee.kind === ts.SyntaxKind.ImportKeyword) this.dynamicImport(node);
    else if (callee.kind !== ts.SyntaxKind.SuperKeyword) this.visit(callee);
    const given = node.arguments ?? [];
    const keywords: { name: string; value: Value }[] = [];
    for (const argument of given) this.visit(argument);
    const last = given.at(-1);
    // Options are mostly the last argument, as an object that is written there.
    if (last !== undefined && ts.isObjectLiteralExpression(last))
      for (const property of last.properties)
        if (ts.isPropertyAssignment(property) && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name)))
          keywords.push({ name: property.name.text, value: this.value(property.initializer) });
    this.timer(node, callee);
    this.site(node, callee, { positional: given.map((argument) => this.value(argument)), keywords });
  }

  protected site(
    node: ts.CallExpression | ts.NewExpression | ts.TaggedTemplateExpression,
    callee: ts.Expression,
    given: Pick<CallSite, 'positional' | 'keywords'>,
  ): void {
    const call: CallSite = {
      callee: this.value(callee),
      calleeText: this.excerpt(callee),
      ...given,
      argumentText: node.getText(this.cell.file).slice(callee.getText(this.cell.file).length),
      range: this.range(node),
      certainty: this.certainty,
      reason: this.excerpt(node),
      ...(this.ts.isNewExpression(node) && { makesObject: true }),
    };
    this.cell.visited.calls.set(node, call);
    this.findings.steps.push({ kind: 'call', call });
  }

  protected tagged(node: ts.TaggedTemplateExpression): void {
    const ts = this.ts;
    this.visit(node.tag);
    this.visit(node.template);
    const spans = ts.isTemplateExpression(node.template) ? node.template.templateSpans : [];
    const positional = [unknownValue, ...spans.map(({ expression }) => this.value(expression))];
    this.site(node, node.tag, { positional, keywords: [] });
  }

  protected dynamicImport(node: ts.CallExpression | ts.NewExpression): void {
    const [first] = node.arguments ?? [];
    if (first !== undefined && this.ts.isStringLiteralLike(first)) this.findings.imports.push(first.text);
    else this.unknown(node, `${this.excerpt(node)} loads what the text does not name`);
  }

  protected property(node: ts.ObjectLiteralElementLike): void {
    const ts = this.ts;
    if (node.name !== undefined && ts.isComputedPropertyName(node.name)) this.visit(node.name.expression);
    if (ts.isShorthandPropertyAssignment(node)) this.readName(node.name.text, node.name);
    else if (ts.isPropertyAssignment(node)) this.visit(node.initializer);
    else if (ts.isSpreadAssignment(node)) this.visit(node.expression);
    else this.method(node);
  }

  protected jsx(node: ts.JsxOpeningLikeElement): void {
    const ts = this.ts;
    const { tagName } = node;
    if (ts.isIdentifier(tagName)) {
      if (/^[A-Z_$]/.test(tagName.text)) this.readName(tagName.text, tagName);
    } else this.visit(tagName);
    this.lookForName('React', node, 'JSX');
    this.visit(node.attributes);
  }

  /** A statement whose promise nothing waits for, in a cell that ends before it. */
  protected lasting(expression: ts.Expression): void {
    if (!isTopLevel(this.scope) || this.ts.isAwaitExpression(expression) || !this.cell.isPromise(expression)) return;
    const reason = `nothing waits for ${this.excerpt(expression)}`;
    this.findings.outlives.push({ range: this.range(expression), reason });
  }

  /** A promise that a variable holds, which the cell waits for nowhere. */
  protected pending({ name, initializer }: ts.VariableDeclaration): void {
    const ts = this.ts;
    if (initializer === undefined || ts.isAwaitExpression(initializer) || !isTopLevel(this.scope)) return;
    if (ts.isIdentifier(name) && this.cell.awaited.has(name.text)) return;
    if (!this.cell.isPromise(initializer)) return;
    const reason = `${this.excerpt(initializer)} may not be done when the cell ends`;
    this.findings.outlives.push({ range: this.range(initializer), reason });
  }

  /** A timer is set by the cell itself: what it does comes later. */
  private timer(node: ts.CallExpression | ts.NewExpression, callee: ts.Expression): void {
    const ts = this.ts;
    const isTimer = ts.isIdentifier(callee) && timers.has(callee.text) && ownerOf(this.scope, callee.text) === 0;
    if (!isTimer || this.scope.bound.has(callee.text) || !isTopLevel(this.scope)) return;
    this.findings.outlives.push({
      range: this.range(node),
      reason: `${this.excerpt(node)} is done when the cell has ended`,
    });
  }

  /** A method of an object that is written as a literal. */
  protected abstract method(node: ts.MethodDeclaration | ts.AccessorDeclaration): void;
}
