import type { CellText } from '../effects.ts';
import type { ts, TypeScript } from './load.ts';
import { hoistedNames, namesOfBlock } from './scope.ts';

/** A cell as a module. */
export interface JoinedCell {
  /** Its own text, not moved, and after that the imports and exports that join it to the others. */
  readonly text: string;
  /** So long is its own text. */
  readonly length: number;
  /** All that the checker may look at for this cell: its own text and those of all cells that it needs, in order. */
  readonly key: string;
}

/** Each cell followed by what makes it a module: exports of all that it declares, and imports of what others do. */
export function joinCells(
  typescript: TypeScript,
  cells: readonly CellText[],
  plain: readonly ts.SourceFile[],
): readonly JoinedCell[] {
  const declared = plain.map((file) => declaredNames(typescript, file));
  const writers = new Writers(declared);
  const imported = cells.map(({ source }, place) => writers.neededBy(source, place));
  return cells.map(({ source }, place) => {
    const own = declared[place] as ReadonlySet<string>;
    const imports = [...(imported[place] as ReadonlyMap<string, number>)].map(
      ([name, from]) => `import { ${name} } from "./cell-${String(from)}";`,
    );
    const text = `${source}\n;export { ${[...own].join(', ')} };\n${imports.join('\n')}`;
    const others = reachable(imported, place).map((at) => [at - place, cells[at]?.source]);
    return { text, length: source.length, key: JSON.stringify([source, others]) };
  });
}

/** Places of the cells that a cell needs, through others as well. */
function reachable(imported: readonly ReadonlyMap<string, number>[], place: number): readonly number[] {
  const seen = new Set([place]);
  const open = [place];
  for (let at = open.pop(); at !== undefined; at = open.pop())
    for (const next of imported[at]?.values() ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
  seen.delete(place);
  return [...seen].sort((one, other) => one - other);
}

/** Which cell a name is from. */
class Writers {
  readonly #declared: readonly ReadonlySet<string>[];
  readonly #places = new Map<string, number[]>();

  constructor(declared: readonly ReadonlySet<string>[]) {
    this.#declared = declared;
    declared.forEach((names, place) => {
      for (const name of names) {
        const list = this.#places.get(name);
        if (list === undefined) this.#places.set(name, [place]);
        else list.push(place);
      }
    });
  }

  /** Names in a text that another cell declares: the latest earlier one, else the first later one, which a function may use. */
  neededBy(source: string, place: number): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const name of source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []) {
      if (found.has(name) || this.#declared[place]?.has(name) === true) continue;
      const places = this.#places.get(name);
      const from = places?.findLast((at) => at < place) ?? places?.find((at) => at > place);
      if (from !== undefined) found.set(name, from);
    }
    return found;
  }
}

/** All names of the top level, those of types as well; what the cell exports itself is left out. */
function declaredNames(typescript: TypeScript, file: ts.SourceFile): ReadonlySet<string> {
  const { ts } = typescript;
  const found = new Set([...namesOfBlock(typescript, file.statements), ...hoistedNames(typescript, file)]);
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) found.add(statement.name.text);
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings !== undefined && ts.isNamedImports(bindings))
        for (const { name } of bindings.elements) found.add(name.text);
    }
    if (
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    )
      for (const name of namesOfBlock(typescript, [statement])) found.delete(name);
  }
  return found;
}
