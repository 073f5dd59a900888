import type { Formula } from '../../bundle/format.ts';
import { fieldOf, type PythonParser, type SyntaxNode } from './parse.ts';
import { firstError } from './rejected.ts';

/** What the text of a condition is, or what is wrong with it and where. */
export type ConditionText =
  | { readonly ok: true; readonly formula: Formula | undefined }
  | { readonly ok: false; readonly message: string; readonly help: string; readonly from: number; readonly to: number };

/** The name of the last accepted run in a condition. */
const previous = 'previous';
const groupFunctions = ['max_gap', 'group_min', 'group_max'] as const;
const examples = 'A condition is one expression: `#| gate: auc > 0.8`.';

/** A place of the condition that a formula cannot have. */
class Unfit extends Error {
  readonly node: SyntaxNode;

  constructor(node: SyntaxNode) {
    super('no formula');
    this.node = node;
  }
}

/**
 * Reads the condition of a gate. What compares with the last accepted run, or speaks of groups, is a formula over recorded numbers;
 * anything else is an expression that Python evaluates.
 */
export function readCondition(parser: PythonParser, text: string): ConditionText {
  const root = parser.parse(text);
  const wrong = (message: string, help: string, node = root): ConditionText => ({
    ok: false,
    message,
    help,
    from: node?.range.start.column ?? 0,
    to: node?.range.end.column ?? text.length,
  });
  if (root === undefined)
    return wrong('The condition is nested too deeply.', 'Compute it in a cell, and name the result.');
  const error = firstError(root);
  if (error !== undefined) return wrong(`The condition ${text} is not valid Python.`, examples, error);
  const parts = root.children.filter(({ type }) => type !== 'comment');
  const [statement] = parts;
  const expression = statement?.type === 'expression_statement' ? statement.children[0] : undefined;
  if (expression?.type === 'assignment')
    return wrong(`The condition ${text} is an assignment.`, 'Compare with == in place of =.', expression);
  if (expression === undefined || parts.length > 1 || statement?.children.length !== 1)
    return wrong(`The condition ${text} is not one expression.`, examples);
  const changing = find(expression, ({ type }) =>
    ['named_expression', 'await', 'yield', 'augmented_assignment'].includes(type),
  );
  if (changing !== undefined)
    return wrong('A condition only looks: it binds nothing and waits for nothing.', examples, changing);
  if (find(expression, isOfRecords) === undefined) return { ok: true, formula: undefined };
  try {
    return { ok: true, formula: formulaOf(expression) };
  } catch (unfit) {
    if (!(unfit instanceof Unfit)) throw unfit;
    const { node } = unfit;
    const inCondition =
      'In a condition with previous or groups, only numbers, recorded names and their arithmetic can stand';
    const help = 'Compute it in the cell under a name of its own, and use that name here.';
    return wrong(`${inCondition}: not ${node.text}.`, help, node);
  }
}

function find(node: SyntaxNode, test: (node: SyntaxNode) => boolean): SyntaxNode | undefined {
  if (test(node)) return node;
  for (const child of node.children) {
    const found = find(child, test);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isOfRecords(node: SyntaxNode): boolean {
  if (node.type === 'identifier') return node.text === previous && node.field !== 'attribute' && node.field !== 'name';
  return node.type === 'call' && groupFunction(node) !== undefined;
}

function groupFunction(call: SyntaxNode): (typeof groupFunctions)[number] | undefined {
  const name = fieldOf(call, 'function');
  return name?.type === 'identifier' ? groupFunctions.find((known) => known === name.text) : undefined;
}

function formulaOf(node: SyntaxNode): Formula {
  const parts = node.children.filter(({ type }) => type !== 'comment');
  const field = (name: string): SyntaxNode => fieldOf(node, name) ?? unfit(node);
  switch (node.type) {
    case 'parenthesized_expression':
      return formulaOf(parts[0] ?? unfit(node));
    case 'integer':
    case 'float':
      return numberOf(node);
    case 'identifier':
    case 'attribute':
    case 'subscript':
      return nameOf(node);
    case 'boolean_operator': {
      const kind = field('operator').text === 'and' ? 'and' : 'or';
      return { kind, of: [formulaOf(field('left')), formulaOf(field('right'))] };
    }
    case 'not_operator':
      return { kind: 'not', of: formulaOf(field('argument')) };
    case 'unary_operator': {
      const of = formulaOf(field('argument'));
      const sign = field('operator').text;
      if (sign === '-') return { kind: 'negative', of };
      return sign === '+' ? of : unfit(node);
    }
    case 'binary_operator': {
      const operator = (['+', '-', '*', '/'] as const).find((sign) => sign === field('operator').text);
      if (operator === undefined) return unfit(node);
      return { kind: 'arithmetic', operator, of: [formulaOf(field('left')), formulaOf(field('right'))] };
    }
    case 'comparison_operator': {
      const signs = ['<', '<=', '>', '>=', '==', '!='] as const;
      const operators = parts
        .filter((part) => part.field === 'operators')
        .map(({ text }) => signs.find((sign) => sign === text) ?? unfit(node));
      return { kind: 'comparison', operators, of: parts.filter((part) => part.field !== 'operators').map(formulaOf) };
    }
    case 'call':
      return callOf(node);
    default:
      return unfit(node);
  }
}

function unfit(node: SyntaxNode): never {
  throw new Unfit(node);
}

function numberOf(node: SyntaxNode): Formula {
  const value = Number(node.text.replaceAll('_', ''));
  return Number.isFinite(value) ? { kind: 'number', value } : unfit(node);
}

function nameOf(node: SyntaxNode): Formula {
  const path = pathOf(node);
  if (path === undefined) return unfit(node);
  const [first, ...rest] = path;
  if (first !== previous) return { kind: 'metric', name: path.join('.') };
  return rest.length === 0 ? unfit(node) : { kind: 'previous', name: rest.join('.') };
}

/** `scores["rmse"]` and `scores.rmse` are the same name. */
function pathOf(node: SyntaxNode): readonly string[] | undefined {
  if (node.type === 'identifier') return [node.text];
  const of = fieldOf(node, node.type === 'attribute' ? 'object' : 'value');
  const before = of === undefined ? undefined : pathOf(of);
  const last = node.type === 'attribute' ? fieldOf(node, 'attribute')?.text : textOf(fieldOf(node, 'subscript'));
  return before === undefined || last === undefined ? undefined : [...before, last];
}

function textOf(node: SyntaxNode | undefined): string | undefined {
  return node?.type === 'string' ? /^(["'])([^"'\\{}.]+)\1$/.exec(node.text)?.[2] : undefined;
}

function callOf(node: SyntaxNode): Formula {
  const given = (fieldOf(node, 'arguments')?.children ?? []).filter(({ type }) => type !== 'comment');
  const take = groupFunction(node);
  if (take !== undefined) {
    const [metric, column, more] = given.map((one) => textOf(one) ?? pathOf(one)?.join('.'));
    if (metric === undefined || column === undefined || more !== undefined) return unfit(node);
    return { kind: 'groups', take, metric, column };
  }
  const name = (['abs', 'min', 'max'] as const).find((known) => known === fieldOf(node, 'function')?.text);
  const fitting = name === 'abs' ? given.length === 1 : given.length > 1;
  return name === undefined || !fitting ? unfit(node) : { kind: 'call', name, of: given.map(formulaOf) };
}
