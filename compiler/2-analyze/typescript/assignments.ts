import type { Value } from '../steps.ts';
import type { ts } from './load.ts';
import { isGlobalObject } from './values.ts';
import { Walk } from './walk.ts';

/** Expressions that bind a name, change an object, or delete a part of one. */
export abstract class Assignments extends Walk {
  protected element(node: ts.ElementAccessExpression): void {
    const ts = this.ts;
    if (isGlobalObject(node.expression, this.around)) {
      if (ts.isStringLiteralLike(node.argumentExpression)) {
        this.lookForName(node.argumentExpression.text, node, this.excerpt(node));
        return;
      }
      this.unknown(node, `${this.excerpt(node)} may be any variable`);
    } else this.visit(node.expression);
    this.visit(node.argumentExpression);
  }

  protected binary(node: ts.BinaryExpression): void {
    const ts = this.ts;
    const { left, right, operatorToken } = node;
    const { kind } = operatorToken;
    if (kind === ts.SyntaxKind.EqualsToken) {
      this.visit(right);
      this.target(left, this.value(right), this.excerpt(node));
      return;
    }
    const isShort =
      kind === ts.SyntaxKind.BarBarEqualsToken ||
      kind === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
      kind === ts.SyntaxKind.QuestionQuestionEqualsToken;
    if (kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment) {
      this.visit(left);
      const branch =
        kind === ts.SyntaxKind.BarBarToken ||
        kind === ts.SyntaxKind.AmpersandAmpersandToken ||
        kind === ts.SyntaxKind.QuestionQuestionToken;
      if (branch) this.branches++;
      this.visit(right);
      if (branch) this.branches--;
      return;
    }
    this.visit(left);
    if (isShort) this.branches++;
    this.visit(right);
    this.target(left, this.value(node), this.excerpt(node));
    if (isShort) this.branches--;
  }

  /** Reads, changes and bindings of an assignment's target. */
  protected target(node: ts.Node, value: Value, reason: string): void {
    const ts = this.ts;
    if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isNonNullExpression(node))
      this.target(node.expression, value, reason);
    else if (ts.isIdentifier(node)) this.assign(node, value, reason);
    else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
      this.member(node, value, reason);
    else if (ts.isArrayLiteralExpression(node))
      node.elements.forEach((element, position) => {
        if (ts.isSpreadElement(element)) this.target(element.expression, { kind: 'constant', type: 'Array' }, reason);
        else if (!ts.isOmittedExpression(element)) this.target(element, { kind: 'part', of: value, position }, reason);
      });
    else if (ts.isObjectLiteralExpression(node))
      for (const property of node.properties) {
        if (ts.isShorthandPropertyAssignment(property))
          this.assign(property.name, { kind: 'attribute', of: value, name: property.name.text }, reason);
        else if (ts.isPropertyAssignment(property))
          this.target(
            property.initializer,
            { kind: 'attribute', of: value, name: property.name.getText(this.cell.file) },
            reason,
          );
        else if (ts.isSpreadAssignment(property))
          this.target(property.expression, { kind: 'constant', type: 'Object' }, reason);
      }
    else if (ts.isBinaryExpression(node)) {
      // A default value of destructuring.
      this.branches++;
      this.visit(node.right);
      this.branches--;
      this.target(node.left, value, reason);
    } else this.visit(node);
  }

  /** An assignment needs that the name was declared, and not as a constant: the cell that did so comes before. */
  protected assign(node: ts.Identifier, value: Value, reason: string): void {
    const isOwn = this.scope.kind === 'module' && this.scope.bound.has(node.text);
    if (!isOwn) this.readName(node.text, node, reason);
    this.bind(node, reason, value);
  }

  protected member(node: ts.PropertyAccessExpression | ts.ElementAccessExpression, value: Value, reason: string): void {
    const ts = this.ts;
    if (!isGlobalObject(node.expression, this.around)) {
      this.visit(node);
      this.change(node, reason);
      return;
    }
    const key = ts.isPropertyAccessExpression(node) ? node.name : node.argumentExpression;
    if (ts.isIdentifier(key) || ts.isStringLiteralLike(key)) {
      if (ts.isPropertyAccessExpression(node) || ts.isStringLiteralLike(key)) {
        this.bindName({ name: key.text, node }, reason, value);
        return;
      }
    }
    this.unknown(node, `${reason} may bind any variable`);
  }

  protected unary(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): void {
    const ts = this.ts;
    this.visit(node.operand);
    if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
      this.target(node.operand, { kind: 'constant', type: 'primitive' }, this.excerpt(node));
  }

  protected delete(node: ts.DeleteExpression): void {
    const ts = this.ts;
    const { expression } = node;
    if (ts.isPropertyAccessExpression(expression) && isGlobalObject(expression.expression, this.around)) {
      const { text } = expression.name;
      this.lookForName(text, expression, 'delete');
      this.findings.deletes.push({ ...this.use(expression, text, this.excerpt(node)), certainty: 'may' });
      this.definite.delete(text);
    } else {
      this.visit(expression);
      if (ts.isPropertyAccessExpression(expression) || ts.isElementAccessExpression(expression))
        this.change(expression, this.excerpt(node));
    }
  }
}
