import type { Diagnostic, Range } from '../../bundle/diagnostic.ts';
import type { CellText, Effects, LanguageAnalyzer } from '../effects.ts';
import { noFindings } from './findings.ts';
import type { ts, TypeScript } from './load.ts';
import { Programs, type Dialect } from './program.ts';
import { scriptOf } from './script.ts';
import { readTypes, type TypeReader } from './types.ts';
import { visitCell } from './visit.ts';

/** The analyzer of cells in TypeScript, or in JavaScript: one grammar, with types or without. */
export function createTypeScriptAnalyzer(typescript: TypeScript, dialect: Dialect): LanguageAnalyzer {
  const programs = new Programs(typescript, dialect);
  const known = new Map<string, readonly Effects[]>();
  return {
    analyzeCells: (cells) => {
      const key = JSON.stringify(cells.map(({ id, index, source }) => [id, index, source]));
      const found = known.get(key) ?? analyze(typescript, programs, cells);
      known.clear();
      known.set(key, found);
      return found;
    },
    readCondition: (text) => ({
      ok: false,
      message: 'Conditions are not understood in a notebook of this language.',
      help: 'Write the check as a cell that throws.',
      from: 0,
      to: text.length,
    }),
  };
}

function analyze(typescript: TypeScript, programs: Programs, cells: readonly CellText[]): readonly Effects[] {
  const program = programs.make(cells);
  const types = readTypes(typescript, program.checker);
  return cells.map((cell, place) => {
    const file = program.files[place] as ts.SourceFile;
    return analyzeCell(typescript, { cell, file, types, problems: program.problemsOf(place) });
  });
}

interface Checked {
  readonly cell: CellText;
  readonly file: ts.SourceFile;
  readonly types: TypeReader;
  readonly problems: readonly ts.Diagnostic[];
}

function analyzeCell(typescript: TypeScript, { cell, file, types, problems }: Checked): Effects {
  const { ts } = typescript;
  const own = ts.createSourceFile(file.fileName, cell.source, ts.ScriptTarget.ESNext, true);
  const syntax = (own as unknown as { readonly parseDiagnostics: readonly ts.Diagnostic[] }).parseDiagnostics;
  const [broken] = syntax;
  const visited = { calls: new WeakMap(), definitions: new WeakMap() };
  const findings = broken !== undefined ? noFindings() : visitCell({ typescript, file: trimmed(file, cell.source), visited, ...types, blocks: 0 });
  const diagnostics: Diagnostic[] = [];
  const unknown = [...findings.unknown];
  if (broken !== undefined) {
    const range = rangeOf(own, broken);
    diagnostics.push({
      code: 'CW201',
      severity: 'warning',
      message: `This is not valid TypeScript; the kernel raises a SyntaxError here: ${ts.flattenDiagnosticMessageText(broken.messageText, ' ')}`,
      help: 'Mend the syntax, or take the cell out.',
      location: { cell: cell.id, index: cell.index, range },
      related: [],
    });
    unknown.push({ reason: 'the cell cannot be parsed', range });
  }
  void problems;
  const script = broken === undefined ? scriptOf(ts, cell.source) : undefined;
  return {
    reads: findings.reads,
    binds: findings.binds,
    deletes: findings.deletes,
    steps: findings.steps,
    summaries: findings.summaries,
    state: [],
    files: [],
    outside: [],
    imports: findings.imports,
    importStatements: [],
    leadingImports: 0,
    unobservable: [],
    unknown,
    normalised: cell.source.trimEnd(),
    showsLines: false,
    diagnostics,
    ...(findings.outlives.length > 0 && { outlives: findings.outlives }),
    ...(script !== undefined && { script }),
  };
}

/** The statements of the cell itself, without those that make it a module. */
function trimmed(file: ts.SourceFile, source: string): ts.SourceFile {
  const statements = file.statements.filter((statement) => statement.pos < source.length && statement.getStart(file) < source.length);
  return Object.create(file, { statements: { value: statements } }) as ts.SourceFile;
}

function rangeOf(file: ts.SourceFile, { start = 0, length = 1 }: Pick<ts.Diagnostic, 'start' | 'length'>): Range {
  const place = (at: number): Range['start'] => {
    const { line, character } = file.getLineAndCharacterOfPosition(Math.min(at, file.text.length));
    return { line, column: character };
  };
  return { start: place(start), end: place(start + length) };
}
