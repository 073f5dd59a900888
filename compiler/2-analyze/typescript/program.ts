import type { CellText } from '../effects.ts';
import { ambientText } from './ambient.ts';
import type { ts, TypeScript } from './load.ts';
import { hoistedNames, namesOfBlock } from './scope.ts';

/** The cells of a notebook as one program, each a module that imports what it needs of the others. */
export interface CellProgram {
  /** Of each cell its own text alone. */
  readonly plain: readonly ts.SourceFile[];
  /** Of each cell its own text, and what joins it to the others. */
  readonly files: readonly ts.SourceFile[];
  readonly checker: ts.TypeChecker;
  /** What the checker has to say of a cell, with places in the cell's own text. */
  problemsOf(place: number): readonly ts.Diagnostic[];
}

/** How the notebook is written. */
export type Dialect = 'typescript' | 'javascript';

const libraryFolder = '/lib';
const ambientFile = '/ambient.d.ts';

/** Makes programs, and keeps what is the same in all of them. */
export class Programs {
  readonly #typescript: TypeScript;
  readonly #options: ts.CompilerOptions;
  readonly #dialect: Dialect;
  readonly #shared = new Map<string, ts.SourceFile>();
  readonly #parsed = new Map<string, ts.SourceFile>();
  #last: ts.Program | undefined;

  constructor(typescript: TypeScript, dialect: Dialect) {
    const { ts } = typescript;
    this.#typescript = typescript;
    this.#dialect = dialect;
    this.#options = {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleDetection: ts.ModuleDetectionKind.Force,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2023.d.ts'],
      types: [],
      noResolve: false,
      allowJs: true,
      checkJs: false,
      jsx: ts.JsxEmit.React,
      experimentalDecorators: false,
      strict: true,
      noImplicitAny: false,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      isolatedModules: false,
    };
  }

  /** Joins the cells. Only what has changed since the last time is read again. */
  make(cells: readonly CellText[]): CellProgram {
    const { ts } = this.#typescript;
    const extension = this.#dialect === 'typescript' ? 'tsx' : 'jsx';
    const names = cells.map((_, place) => `/cell-${String(place)}.${extension}`);
    const plain = cells.map(({ source }) => this.#parse(source, extension));
    const texts = joinCells(this.#typescript, plain, cells);
    const byName = new Map(names.map((name, place) => [name, texts[place] ?? '']));
    const host: ts.CompilerHost = {
      fileExists: (name) => byName.has(name) || name === ambientFile,
      readFile: (name) => byName.get(name),
      getSourceFile: (name) => this.#file(name, byName),
      getDefaultLibFileName: () => `${libraryFolder}/lib.es2023.d.ts`,
      getDefaultLibLocation: () => libraryFolder,
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => '/',
      getNewLine: () => '\n',
      useCaseSensitiveFileNames: () => true,
      writeFile: () => undefined,
      resolveModuleNameLiterals: (literals) =>
        literals.map(({ text }) => {
          const known = byName.has(`/${text.slice(2)}`) ? `/${text.slice(2)}` : undefined;
          return { resolvedModule: known === undefined ? undefined : { resolvedFileName: known, extension: `.${extension}` } };
        }),
    };
    const program = ts.createProgram({ rootNames: [ambientFile, ...names], options: this.#options, host, ...(this.#last && { oldProgram: this.#last }) });
    this.#last = program;
    const files = names.map((name) => program.getSourceFile(name) as ts.SourceFile);
    return {
      plain,
      files,
      checker: program.getTypeChecker(),
      problemsOf: (place) => {
        const file = files[place] as ts.SourceFile;
        const { length } = cells[place]?.source ?? '';
        const found = this.#dialect === 'typescript' ? program.getSemanticDiagnostics(file) : [];
        return found.filter(({ start }) => start !== undefined && start < length);
      },
    };
  }

  /** A cell's text alone. */
  #parse(source: string, extension: string): ts.SourceFile {
    return this.#remember(`/plain.${extension}`, source);
  }

  #file(name: string, byName: ReadonlyMap<string, string>): ts.SourceFile | undefined {
    const own = byName.get(name);
    if (own !== undefined) return this.#remember(name, own);
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    const text = name === ambientFile ? ambientText : this.#typescript.library.get(name.slice(libraryFolder.length + 1));
    if (text === undefined) return undefined;
    const file = this.#typescript.ts.createSourceFile(name, text, this.#typescript.ts.ScriptTarget.ESNext);
    this.#shared.set(name, file);
    return file;
  }

  #remember(name: string, text: string): ts.SourceFile {
    const { ts } = this.#typescript;
    const key = `${name}\n${text}`;
    const known = this.#parsed.get(key);
    if (known !== undefined) return known;
    const file = ts.createSourceFile(name, text, { languageVersion: ts.ScriptTarget.ESNext, setExternalModuleIndicator: (one) => { (one as { externalModuleIndicator?: unknown }).externalModuleIndicator ??= true; } }, true);
    this.#parsed.set(key, file);
    if (this.#parsed.size > 4000) this.#parsed.delete(this.#parsed.keys().next().value ?? '');
    return file;
  }
}

/**
 * The texts of the cells, each followed by what makes it a module: exports of all that it declares, and imports of all that others do.
 * What stands before is not moved, so every place in it is one of the cell.
 */
function joinCells(
  typescript: TypeScript,
  plain: readonly ts.SourceFile[],
  cells: readonly CellText[],
): readonly string[] {
  const declared = plain.map((file) => declaredNames(typescript, file));
  return cells.map(({ source }, place) => {
    const own = declared[place] as ReadonlySet<string>;
    const words = new Set(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu) ?? []);
    const imports = [...words].flatMap((name) => {
      if (own.has(name)) return [];
      const from = writerOf(declared, name, place);
      return from === undefined ? [] : [`import { ${name} } from "./cell-${String(from)}${plain[from]?.fileName.endsWith('jsx') === true ? '.jsx' : '.tsx'}";`];
    });
    return `${source}\n;export { ${[...own].join(', ')} };\n${imports.join('\n')}`;
  });
}

/** The latest earlier cell that declares a name, else the first later one: a function may use what comes after it. */
function writerOf(declared: readonly ReadonlySet<string>[], name: string, place: number): number | undefined {
  for (let at = place - 1; at >= 0; at--) if (declared[at]?.has(name) === true) return at;
  const later = declared.findIndex((names, at) => at > place && names.has(name));
  return later < 0 ? undefined : later;
}

/** All names of the top level, those of types as well. Already exported ones are left out. */
function declaredNames(typescript: TypeScript, file: ts.SourceFile): ReadonlySet<string> {
  const { ts } = typescript;
  const found = new Set([...namesOfBlock(typescript, file.statements), ...hoistedNames(typescript, file)]);
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) found.add(statement.name.text);
    if (ts.isImportDeclaration(statement)) {
      const bindings = statement.importClause?.namedBindings;
      if (bindings !== undefined && ts.isNamedImports(bindings)) for (const { name } of bindings.elements) found.add(name.text);
    }
    if (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true)
      for (const name of namesOfBlock(typescript, [statement])) found.delete(name);
  }
  return found;
}
