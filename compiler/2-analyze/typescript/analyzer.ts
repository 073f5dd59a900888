import type { Diagnostic, Range } from '../../bundle/diagnostic.ts';
import type { CellText, Effects, LanguageAnalyzer } from '../effects.ts';
import { noFindings } from './findings.ts';
import { certainImports } from './imports.ts';
import type { ts, TypeScript } from './load.ts';
import { Programs, type Dialect } from './program.ts';
import { scriptOf } from './script.ts';
import { isTelling, nameInProblem } from './type-problems.ts';
import { readTypes, type TypeReader } from './types.ts';
import { visitCell } from './visit.ts';

/** The analyzer of cells in TypeScript, or in JavaScript: one grammar, with types or without. */
export function createTypeScriptAnalyzer(
  typescript: TypeScript,
  { dialect, builtinNames }: { readonly dialect: Dialect; readonly builtinNames: ReadonlySet<string> },
): LanguageAnalyzer {
  const programs = new Programs(typescript, dialect);
  let latest: { readonly key: string; readonly effects: readonly Effects[] } | undefined;
  return {
    analyzeCells: (cells) => {
      const key = JSON.stringify(cells.map(({ id, index, source }) => [id, index, source]));
      if (latest?.key !== key) latest = { key, effects: analyze({ typescript, programs, builtinNames }, cells) };
      return latest.effects;
    },
    readCondition: (text) => ({
      ok: false,
      message: 'Conditions of gates are not understood in a notebook of this language.',
      help: 'Write the check as a cell that throws an error.',
      from: 0,
      to: text.length,
    }),
  };
}

interface Room {
  readonly typescript: TypeScript;
  readonly programs: Programs;
  readonly builtinNames: ReadonlySet<string>;
}

function analyze({ typescript, programs, builtinNames }: Room, cells: readonly CellText[]): readonly Effects[] {
  const program = programs.make(cells);
  const types = readTypes(typescript, program.checker);
  const effects = cells.map((cell, place) =>
    analyzeCell(typescript, {
      cell,
      plain: program.plain[place] as ts.SourceFile,
      file: program.files[place] as ts.SourceFile,
      types,
    }),
  );
  // A name that comes about without a declaration is one that the checker does not know.
  const names = new Set([...builtinNames, ...effects.flatMap(({ binds }) => binds.map(({ name }) => name))]);
  return effects.map((own, place) => {
    const cell = cells[place] as CellText;
    if (own.diagnostics.length > 0) return own;
    const found = program
      .problemsOf(place)
      .filter((problem) => isTelling(problem) && !names.has(nameInProblem(typescript.ts, problem) ?? ''));
    const file = program.plain[place] as ts.SourceFile;
    return { ...own, diagnostics: found.map((problem) => typeProblem(typescript, { cell, file, problem })) };
  });
}

interface InCell {
  readonly cell: CellText;
  readonly file: ts.SourceFile;
  readonly problem: ts.Diagnostic;
}

function typeProblem({ ts }: TypeScript, { cell, file, problem }: InCell): Diagnostic {
  return {
    code: 'CW220',
    severity: 'warning',
    message: `${ts.flattenDiagnosticMessageText(problem.messageText, ' ')} (TS${String(problem.code)})`,
    help: 'Nothing is refused for it: the cell runs as its kernel would run it.',
    location: { cell: cell.id, index: cell.index, range: rangeOf(file, problem) },
    related: [],
  };
}

function notValid({ ts }: TypeScript, { cell, file, problem }: InCell): Diagnostic {
  return {
    code: 'CW201',
    severity: 'warning',
    message: `This is not valid; the kernel raises a SyntaxError here: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`,
    help: 'Mend the syntax, or take the cell out.',
    location: { cell: cell.id, index: cell.index, range: rangeOf(file, problem) },
    related: [],
  };
}

interface OneCell {
  readonly cell: CellText;
  readonly plain: ts.SourceFile;
  readonly file: ts.SourceFile;
  readonly types: TypeReader;
}

function analyzeCell(typescript: TypeScript, { cell, plain, file, types }: OneCell): Effects {
  const [problem] = syntaxProblems(plain);
  const statements = file.statements.slice(0, plain.statements.length);
  const visited = { calls: new WeakMap(), definitions: new WeakMap() };
  const isValid = problem === undefined;
  const found = isValid ? visitCell({ typescript, file, statements, visited, ...types, blocks: 0 }) : noFindings();
  const imports = certainImports(typescript.ts, isValid ? plain : undefined);
  return {
    reads: found.reads,
    binds: found.binds,
    deletes: found.deletes,
    steps: found.steps,
    summaries: found.summaries,
    state: [],
    files: [],
    outside: [],
    imports: found.imports,
    importStatements: imports.statements,
    leadingImports: imports.leading,
    unobservable: [],
    unknown: isValid
      ? found.unknown
      : [{ reason: 'the cell cannot be parsed', range: rangeOf(plain, problem) }],
    // Functions show their own text, comments and all, and errors the lines.
    normalised: cell.source.trimEnd(),
    showsLines: /\bcaptureStackTrace\b|\bprepareStackTrace\b|\.stack\b/.test(cell.source),
    diagnostics: isValid ? [] : [notValid(typescript, { cell, file: plain, problem })],
    ...(found.outlives.length > 0 && { outlives: found.outlives }),
    ...(isValid && { script: scriptOf(typescript.ts, cell.source) }),
  };
}

/** What the parser has to say; its type is not published. */
function syntaxProblems(file: ts.SourceFile): readonly ts.Diagnostic[] {
  return (file as ts.SourceFile & { readonly parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics;
}

function rangeOf(file: ts.SourceFile, { start = 0, length = 1 }: Pick<ts.Diagnostic, 'start' | 'length'>): Range {
  const place = (at: number): Range['start'] => {
    const { line, character } = file.getLineAndCharacterOfPosition(Math.min(at, file.text.length));
    return { line, column: character };
  };
  return { start: place(start), end: place(start + length) };
}
