import type { Diagnostic, Range } from '../../bundle/diagnostic.ts';
import type { Script } from '../../bundle/format.ts';
import type { CellText, Effects, LanguageAnalyzer } from '../effects.ts';
import { noFindings } from './findings.ts';
import { certainImports } from './imports.ts';
import { joinCells } from './join-cells.ts';
import type { ts, TypeScript } from './load.ts';
import { Programs, type CellProgram, type Dialect } from './program.ts';
import { Translator } from './script.ts';
import { isTelling, nameInProblem } from './type-problems.ts';
import { readTypes, type TypeReader } from './types.ts';
import { lowerCells, type LoweredCell } from './mixed/lower-cells.ts';
import { effectsOfMixed } from './mixed/mixed-effects.ts';
import { awaitedNames } from './scope.ts';
import { visitCell } from './visit.ts';

/** So many cells are kept in memory: those of some large notebooks. */
const mostCells = 2000;

/** The analyzer of cells in TypeScript, or in JavaScript: one grammar, with types or without. */
export function createTypeScriptAnalyzer(
  typescript: TypeScript,
  { dialect, builtinNames }: { readonly dialect: Dialect; readonly builtinNames: ReadonlySet<string> },
): LanguageAnalyzer {
  const programs = new Programs(typescript, dialect);
  const translator = new Translator(typescript.ts);
  const known = new Map<string, Looked>();
  return {
    analyzeCells: (cells, kernel) => {
      const lowered = lowerCells(cells, kernel);
      const plain = cells.map((cell, place) => ({ ...cell, source: lowered[place]?.lowering?.text ?? cell.source }));
      const looked = look({ typescript, programs, translator, known, kernel }, plain);
      return locate({ typescript, builtinNames }, { cells, lowered, looked });
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

/** What was found in a cell, whatever its place in the notebook. */
interface Looked {
  readonly plain: ts.SourceFile;
  readonly effects: Effects;
  readonly syntax: ts.Diagnostic | undefined;
  readonly problems: readonly ts.Diagnostic[];
}

interface Room {
  readonly typescript: TypeScript;
  readonly programs: Programs;
  readonly translator: Translator;
  readonly known: Map<string, Looked>;
  readonly kernel: string;
}

/** Looks at the cells that are new, or of which one that they need is. */
function look(
  { typescript, programs, translator, known, kernel }: Room,
  cells: readonly CellText[],
): readonly Looked[] {
  const plain = cells.map((cell) => programs.parse(cell));
  const joined = joinCells(typescript, cells, plain).map((one) => ({ ...one, key: `${kernel}\n${one.key}` }));
  const wanted = joined.flatMap(({ key }, place) => (known.has(key) ? [] : [place]));
  const program = wanted.length === 0 ? undefined : programs.make(joined, wanted);
  const types = program === undefined ? undefined : readTypes(typescript, program.checker);
  const valid = wanted
    .map((place) => plain[place] as ts.SourceFile)
    .filter((file) => syntaxProblems(file).length === 0);
  const scripts = translator.translate(
    valid.map(({ text }) => text),
    kernel,
  );
  return joined.map(({ key }, place) => {
    const before = known.get(key);
    const found =
      before ??
      lookAt(typescript, {
        plain: plain[place] as ts.SourceFile,
        file: (program as CellProgram).fileOf(place),
        types: types as TypeReader,
        script: scripts.get((plain[place] as ts.SourceFile).text),
        problems: () =>
          (program as CellProgram).problemsOf(place).filter((problem) => isTelling(typescript.ts, problem)),
      });
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.size > mostCells ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    return found;
  });
}

interface Around {
  readonly typescript: TypeScript;
  readonly builtinNames: ReadonlySet<string>;
}

interface LookedAt {
  readonly cells: readonly CellText[];
  readonly lowered: readonly (LoweredCell | undefined)[];
  readonly looked: readonly Looked[];
}

/** What was found, with the places of the cells in what is said of them. */
function locate({ typescript, builtinNames }: Around, { cells, lowered, looked }: LookedAt): readonly Effects[] {
  // A name that comes about without a declaration is one that the checker does not know.
  const names = new Set([...builtinNames, ...looked.flatMap(({ effects }) => effects.binds.map(({ name }) => name))]);
  return looked.map(({ plain, effects, syntax, problems }, place) => {
    const mixed = lowered[place];
    if (mixed !== undefined) return effectsOfMixed(mixed, effects);
    const at = { cell: cells[place] as CellText, file: plain };
    const telling = problems.filter((problem) => !names.has(nameInProblem(typescript.ts, problem) ?? ''));
    const diagnostics =
      syntax === undefined
        ? telling.map((problem) => typeProblem(typescript, { ...at, problem }))
        : [notValid(typescript, { ...at, problem: syntax })];
    return diagnostics.length === 0 ? effects : { ...effects, diagnostics };
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
    help: 'The cell runs as its kernel runs it: Deno takes no notice of types, tslab refuses the cell.',
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
  readonly plain: ts.SourceFile;
  readonly file: ts.SourceFile;
  readonly types: TypeReader;
  readonly script: Script | undefined;
  readonly problems: () => readonly ts.Diagnostic[];
}

function lookAt(typescript: TypeScript, { plain, file, types, script, problems }: OneCell): Looked {
  const [syntax] = syntaxProblems(plain);
  const statements = file.statements.slice(0, plain.statements.length);
  const visited = { calls: new WeakMap(), definitions: new WeakMap() };
  const isValid = syntax === undefined;
  const found = isValid
    ? visitCell({
        typescript,
        file,
        statements,
        visited,
        ...types,
        blocks: 0,
        awaited: awaitedNames(typescript, statements),
      })
    : noFindings();
  const imports = certainImports(typescript.ts, isValid ? plain : undefined);
  const effects: Effects = {
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
    unknown: isValid ? found.unknown : [{ reason: 'the cell cannot be parsed', range: rangeOf(plain, syntax) }],
    // Functions show their own text, comments and all, and errors the lines.
    normalised: plain.text.trimEnd(),
    showsLines: /\bcaptureStackTrace\b|\bprepareStackTrace\b|\.stack\b/.test(plain.text),
    diagnostics: [],
    ...(found.outlives.length > 0 && { outlives: found.outlives }),
    ...(script !== undefined && { script }),
  };
  return { plain, effects, syntax, problems: isValid ? problems() : [] };
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
