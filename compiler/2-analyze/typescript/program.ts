import type { CellText } from '../effects.ts';
import { ambientText } from './ambient.ts';
import type { JoinedCell } from './join-cells.ts';
import type { ts, TypeScript } from './load.ts';

/** Some cells of a notebook as one program, each a module that imports what it needs of the others. */
export interface CellProgram {
  /** The cell's own text, and what joins it to the others. */
  fileOf(place: number): ts.SourceFile;
  readonly checker: ts.TypeChecker;
  /** What the checker has to say of a cell, with places in the cell's own text. */
  problemsOf(place: number): readonly ts.Diagnostic[];
}

/** How the notebook is written. */
export type Dialect = 'typescript' | 'javascript';

const libraryFile = '/library.d.ts';

/** So many texts of cells are kept. */
const mostTexts = 4000;

/** Makes programs, and keeps what is the same in all of them. */
export class Programs {
  readonly #typescript: TypeScript;
  readonly #options: ts.CompilerOptions;
  readonly #isTyped: boolean;
  readonly #parsed = new Map<string, ts.SourceFile>();
  readonly #library: ts.SourceFile;
  #last: ts.Program | undefined;

  constructor(typescript: TypeScript, dialect: Dialect) {
    const { ts, library } = typescript;
    this.#typescript = typescript;
    this.#isTyped = dialect === 'typescript';
    this.#options = {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      noLib: true,
      types: [],
      allowJs: true,
      checkJs: false,
      jsx: ts.JsxEmit.React,
      strict: true,
      noImplicitAny: true,
      noImplicitThis: false,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
    };
    const text = `${joinLibrary(library, 'lib.es2023.d.ts')}\n${ambientText}`;
    this.#library = ts.createSourceFile(libraryFile, text, ts.ScriptTarget.ESNext);
  }

  /** A cell's text alone. */
  parse({ source }: CellText): ts.SourceFile {
    return this.#remember(this.#nameOf('plain'), source);
  }

  /**
   * Joins the cells.
   * @param wanted places of those that are to be looked at; others come in as far as these need them
   */
  make(joined: readonly JoinedCell[], wanted: readonly number[]): CellProgram {
    const { ts } = this.#typescript;
    const nameOf = (place: number): string => `/${this.#nameOf(`cell-${String(place)}`)}`;
    const byName = new Map(joined.map((cell, place) => [nameOf(place), cell.text]));
    const host: ts.CompilerHost = {
      fileExists: (name) => byName.has(name) || name === libraryFile,
      readFile: (name) => byName.get(name),
      getSourceFile: (name) => (name === libraryFile ? this.#library : this.#file(name, byName)),
      getDefaultLibFileName: () => libraryFile,
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => '/',
      getNewLine: () => '\n',
      useCaseSensitiveFileNames: () => true,
      writeFile: () => undefined,
      resolveModuleNameLiterals: (literals) =>
        literals.map(({ text }) => {
          const name = nameOf(Number(/^\.\/cell-(\d+)$/.exec(text)?.[1] ?? -1));
          const extension = this.#isTyped ? ts.Extension.Tsx : ts.Extension.Jsx;
          return { resolvedModule: byName.has(name) ? { resolvedFileName: name, extension } : undefined };
        }),
    };
    const rootNames = [libraryFile, ...wanted.map(nameOf)];
    const before = this.#last === undefined ? {} : { oldProgram: this.#last };
    const program = ts.createProgram({ rootNames, options: this.#options, host, ...before });
    this.#last = program;
    const fileOf = (place: number): ts.SourceFile => program.getSourceFile(nameOf(place)) as ts.SourceFile;
    return {
      fileOf,
      checker: program.getTypeChecker(),
      problemsOf: (place) => {
        if (!this.#isTyped) return [];
        const length = joined[place]?.length ?? 0;
        return program.getSemanticDiagnostics(fileOf(place)).filter(({ start = length }) => start < length);
      },
    };
  }

  #nameOf(stem: string): string {
    return `${stem}.${this.#isTyped ? 'tsx' : 'jsx'}`;
  }

  #file(name: string, byName: ReadonlyMap<string, string>): ts.SourceFile | undefined {
    const text = byName.get(name);
    return text === undefined ? undefined : this.#remember(name, text);
  }

  #remember(name: string, text: string): ts.SourceFile {
    const { ts } = this.#typescript;
    const key = `${name}\n${text}`;
    const known = this.#parsed.get(key) ?? ts.createSourceFile(name, text, ts.ScriptTarget.ESNext, true);
    this.#parsed.delete(key);
    this.#parsed.set(key, known);
    const [oldest] = this.#parsed.size > mostTexts ? this.#parsed.keys() : [];
    if (oldest !== undefined) this.#parsed.delete(oldest);
    return known;
  }
}

/** The files of the language's library as one: what several of them say of a name is then put together once, not for every program. */
function joinLibrary(library: ReadonlyMap<string, string>, first: string): string {
  const seen = new Set<string>();
  const add = (name: string): string => {
    const text = library.get(name);
    if (text === undefined || seen.has(name)) return '';
    seen.add(name);
    const before = [...text.matchAll(/^\/\/\/ <reference lib="([\w.]+)" *\/>/gm)].map(([, lib = '']) =>
      add(`lib.${lib}.d.ts`),
    );
    return `${before.join('\n')}\n${text.replaceAll(/^\/\/\/ <reference .*$/gm, '')}`;
  };
  return add(first);
}
