import type { Certainty } from '../../bundle/format.ts';
import type { NameUse } from '../effects.ts';
import type { Step, Value } from '../steps.ts';
import { noFindings, type Findings } from './findings.ts';
import type { ts, TypeScript } from './load.ts';
import { partsOfPattern } from './parameters.ts';
import { isTopLevel, ownerOf, variableName, type Scope } from './scope.ts';
import { unknownValue, valueOf, type Around, type Visited } from './values.ts';

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
  /** Names in what the cell waits for itself. */
  readonly awaited: ReadonlySet<string>;
}

/** A name, and where it is written. */
interface Named {
  readonly name: string;
  readonly node: ts.Node;
}

/** Where a walk is, and how what it finds is written down. */
export abstract class Walk {
  readonly findings: Findings = noFindings();
  protected readonly scope: Scope;
  protected readonly cell: CellWalk;
  protected readonly ts: TypeScript['ts'];
  /** Names certainly bound at the top level by now; their reads see this cell's own value. */
  protected readonly definite: Set<string>;
  /** So many branches are around: what happens here may not happen. */
  protected branches = 0;

  constructor(scope: Scope, definite: Set<string>, cell: CellWalk) {
    this.scope = scope;
    this.cell = cell;
    this.definite = definite;
    this.ts = cell.typescript.ts;
  }

  /** Walks a statement or an expression. */
  abstract visit(node: ts.Node | undefined): void;

  protected get around(): Around {
    const { typescript, visited } = this.cell;
    return { typescript, scope: this.scope, visited, typesOf: (node) => this.cell.typesOf(node) };
  }

  protected value(node: ts.Node | undefined): Value {
    return valueOf(node, this.around);
  }

  protected get certainty(): Certainty {
    return this.branches > 0 ? 'may' : 'must';
  }

  protected range(node: ts.Node): NameUse['range'] {
    const { file } = this.cell;
    const place = (at: number): NameUse['range']['start'] => {
      const { line, character } = file.getLineAndCharacterOfPosition(at);
      return { line, column: character };
    };
    return { start: place(node.getStart(file)), end: place(node.getEnd()) };
  }

  protected excerpt(node: ts.Node): string {
    const text = node.getText(this.cell.file);
    const end = text.indexOf('\n');
    const line = end < 0 ? text : text.slice(0, end);
    return line.length > 60 ? `${line.slice(0, 57)}…` : line;
  }

  protected use(node: ts.Node, name: string, reason: string): NameUse {
    return { name, range: this.range(node), certainty: this.certainty, assumed: false, reason };
  }

  protected unknown(node: ts.Node, reason: string): void {
    this.findings.unknown.push({ reason, range: this.range(node) });
  }

  protected readName(name: string, node: ts.Node, reason = ''): void {
    if (name === 'undefined' || ownerOf(this.scope, name) !== 0) return;
    if (isTopLevel(this.scope) && this.definite.has(name)) return;
    this.findings.reads.push(this.use(node, name, reason));
  }

  /** A name that may not be there, which is no mistake. */
  protected lookForName(name: string, node: ts.Node, reason = ''): void {
    this.branches++;
    this.readName(name, node, reason);
    this.branches--;
  }

  /** Binds a name where it is declared, or assigned from further inside. */
  protected bindName({ name, node }: Named, reason: string, value: Value): void {
    const block = ownerOf(this.scope, name);
    if (block === 0) {
      this.findings.binds.push(this.use(node, name, reason));
      if (this.branches === 0 && isTopLevel(this.scope)) this.definite.add(name);
    }
    const step = { name: variableName(name, block), local: block !== 0, value, certainty: this.certainty };
    this.findings.steps.push({ kind: 'bind', ...step });
  }

  protected bind(node: ts.Identifier, reason: string, value: Value = unknownValue): void {
    this.bindName({ name: node.text, node }, reason, value);
  }

  protected change(target: ts.Node, reason: string): void {
    const step: Step = {
      kind: 'change',
      target: this.value(target),
      range: this.range(target),
      certainty: this.certainty,
      reason,
    };
    this.findings.steps.push(step);
  }

  /** Names that a pattern binds, with what each gets. */
  pattern(name: ts.BindingName, value: Value, reason: string): void {
    const ts = this.ts;
    if (ts.isIdentifier(name)) {
      this.bind(name, reason, value);
      return;
    }
    for (const { element, part } of partsOfPattern(ts, name, value)) {
      if (element.propertyName !== undefined && ts.isComputedPropertyName(element.propertyName))
        this.visit(element.propertyName.expression);
      if (element.initializer !== undefined) {
        this.branches++;
        this.visit(element.initializer);
        this.branches--;
      }
      const given: Value =
        element.initializer === undefined ? part : { kind: 'either', of: [part, this.value(element.initializer)] };
      this.pattern(element.name, given, reason);
    }
  }
}
