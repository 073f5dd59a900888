import type { Diagnostic, Range } from '../../bundle/diagnostic.ts';
import type { OutsideReason } from '../../bundle/format.ts';
import { lowerCell, type Magic } from '../../1-read/magics.ts';
import { readMagicWords } from '../../1-read/magic-words.ts';
import type { LibraryEffect } from '../../knowledge/entry.ts';
import { pythonKnowledge } from '../../knowledge/load.ts';
import type { CellText, Effects, FileUse, LanguageAnalyzer, NameUse, OutsideUse, StateUse } from '../effects.ts';
import { readCondition } from './condition.ts';
import { certainImports } from './imports.ts';
import { normalise, showsLines } from './normalise.ts';
import type { PythonParser, SyntaxNode } from './parse.ts';
import { firstError } from './rejected.ts';
import { visitModule } from './visit.ts';

/** The analyzer of Python cells. */
export function createPythonAnalyzer(parser: PythonParser): LanguageAnalyzer {
  const analyzeOnce = remembering((cell) => analyze(parser, cell.source, cell));
  return {
    analyzeCells: (cells) => cells.map((cell) => analyzeOnce(cell)),
    readCondition: (text, { line, column }) => {
      const read = readCondition(parser, text);
      if (!read.ok) return read;
      // In brackets, so that it may stand where it does.
      const placed = `${'\n'.repeat(line)}(${' '.repeat(Math.max(0, column - 1))}${text})`;
      return { ...read, effects: analyze(parser, placed, { id: '', index: 0 }) };
    },
  };
}

/** So many cells are kept in memory: those of a large notebook, and of the same with other parameters. */
const mostCells = 1000;

/** Looks at each cell once: variants of a notebook have all cells but one in common. */
function remembering(analyzeCell: (cell: CellText) => Effects): (cell: CellText) => Effects {
  const known = new Map<string, Effects>();
  return (cell) => {
    const key = JSON.stringify([cell.source, cell.id, cell.index]);
    const found = known.get(key) ?? analyzeCell(cell);
    known.delete(key);
    known.set(key, found);
    const [oldest] = known.size > mostCells ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    return found;
  };
}

interface FromMagics {
  state: StateUse[];
  outside: OutsideUse[];
  binds: NameUse[];
  unobservable: NameUse[];
  files: FileUse[];
  deletes: NameUse[];
  unknown: { reason: string; range: Range }[];
  /** Those of `unknown` that are told, because the magic is not known at all. */
  unfamiliar: { reason: string; range: Range }[];
}

/** What stands for a cell that cannot be walked. */
const emptyModule: SyntaxNode = {
  type: 'module',
  field: '',
  text: '',
  range: { start: { line: 0, column: 0 }, end: { line: 0, column: 0 } },
  children: [],
  isError: false,
};

function analyze(parser: PythonParser, source: string, cell: { readonly id: string; readonly index: number }): Effects {
  const lowered = lowerCell(source);
  const parsed = parser.parse(lowered.python);
  const root = parsed ?? emptyModule;
  const findings = visitModule(root);
  const fromMagics: FromMagics = {
    state: [],
    outside: [],
    binds: [],
    unobservable: [],
    files: [],
    deletes: [],
    unknown: [],
    unfamiliar: [],
  };
  const lines = source.split('\n');
  for (const magic of lowered.magics) addMagic(magic, lines, fromMagics);
  const diagnostics: Diagnostic[] = fromMagics.unfamiliar.map((unknown) => ({
    code: 'CW210',
    severity: 'warning',
    message: unknown.reason,
    help: 'The cell is treated as touching every variable.',
    location: { cell: cell.id, index: cell.index, range: unknown.range },
    related: [],
  }));
  const error = firstError(root);
  if (error !== undefined) {
    const location = { cell: cell.id, index: cell.index, range: error.range };
    diagnostics.push({
      code: 'CW201',
      severity: 'warning',
      message: 'This is not valid Python; Jupyter raises a SyntaxError here.',
      help: 'Mend the syntax, or take the cell out.',
      location,
      related: [],
    });
    fromMagics.unknown.push({ reason: 'the cell cannot be parsed', range: error.range });
  }
  if (parsed === undefined) {
    diagnostics.push({
      code: 'CW211',
      severity: 'warning',
      message: 'The cell is nested too deeply, or too large, to be analysed.',
      help: 'It is treated as touching every variable; split it, or read the data from a file.',
      location: { cell: cell.id, index: cell.index, range: emptyModule.range },
      related: [],
    });
    fromMagics.unknown.push({ reason: 'the cell is nested too deeply, or too large', range: emptyModule.range });
  }
  const certain = certainImports(root, lowered.magics);
  // What `%%timeit` runs is a function's body, so its names are gone afterwards.
  const isTimed = lowered.magics.some(({ kind, name }) => kind === 'cell' && name === 'timeit');
  return {
    reads: findings.reads,
    binds: [...(isTimed ? findings.binds.map(perhaps) : findings.binds), ...fromMagics.binds],
    deletes: [...findings.deletes, ...fromMagics.deletes],
    steps: findings.steps,
    summaries: findings.summaries,
    state: [...historyReads(findings.reads), ...shellLooks(root, source), ...fromMagics.state],
    files: fromMagics.files,
    outside: fromMagics.outside,
    imports: findings.imports,
    importStatements: certain.statements,
    leadingImports: certain.leading,
    unobservable: [...findings.unobservable, ...fromMagics.unobservable],
    unknown: fromMagics.unknown,
    normalised: lowered.magics.length > 0 || parsed === undefined ? source.trimEnd() : normalise(root, lowered.python),
    showsLines: showsLines(source),
    diagnostics,
  };
}

function perhaps(use: NameUse): NameUse {
  return { ...use, certainty: 'may' };
}

const history = /^(_{1,3}|_\d+|_i{1,3}|_i\d+|Out|In|_oh|_ih)$/;

/** What cells gave and were, as IPython keeps it. */
function historyReads(reads: readonly NameUse[]): StateUse[] {
  return reads
    .filter(({ name }) => history.test(name))
    .map(({ name, range }) => ({ state: 'output-history', access: 'read', range, reason: name }));
}

/** The dict of variables as the shell has it: it also holds what cells gave, and a look into it is not seen. */
const dictOfShell = /^user_(?:global_)?ns$/;

function shellLooks(root: SyntaxNode, source: string): StateUse[] {
  if (!source.includes('.user_')) return [];
  const found: StateUse[] = [];
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const isLook = node.type === 'attribute' && dictOfShell.test(node.children.at(-1)?.text ?? '');
    if (isLook) found.push({ state: 'output-history', access: 'read', range: node.range, reason: node.text });
    pending.push(...node.children);
  }
  return found;
}

function addMagic(magic: Magic, lines: readonly string[], found: FromMagics): void {
  const text = lines[magic.line] ?? '';
  const range: Range = {
    start: { line: magic.line, column: text.length - text.trimStart().length },
    end: { line: magic.line, column: text.trimEnd().length },
  };
  const label =
    magic.kind === 'shell'
      ? `!${magic.text.split('\n', 1)[0] ?? ''}`
      : `${magic.kind === 'cell' ? '%%' : '%'}${magic.name}`;
  // What a statement binds is found where its scope is known.
  const captures = magic.kind === 'cell' ? magic.assigns : [];
  for (const name of captures) found.binds.push({ name, range, certainty: 'must', assumed: false, reason: label });
  const words = readMagicWords(magic);
  const use = { range, certainty: 'may', assumed: true } as const;
  for (const name of words.expands)
    found.unobservable.push({ ...use, name, reason: `${label}, with its value put into the line` });
  for (const name of words.reads) found.unobservable.push({ ...use, name, reason: `${label}, which looks it up` });
  for (const name of words.binds) found.binds.push({ ...use, name, assumed: false, reason: label });
  for (const name of words.deletes) found.deletes.push({ ...use, name, assumed: false, reason: label });
  for (const { path, access } of words.files) found.files.push({ path, access, range, reason: `${label} ${path}` });
  if (words.everything !== undefined) found.unknown.push({ reason: words.everything, range });
  if (magic.kind === 'help') return;
  if (magic.kind === 'shell') {
    found.outside.push({ outside: 'subprocess', range, reason: label });
    return;
  }
  const known = pythonKnowledge.magics.get(magic.name);
  for (const effect of known?.effects ?? []) {
    if (effect.kind === 'state')
      found.state.push({ state: effect.state, access: words.onlyLooks ? 'read' : effect.access, range, reason: label });
    else if (!words.onlyLooks)
      for (const outside of reasonOutside(effect)) found.outside.push({ outside, range, reason: label });
  }
  if (known === undefined && words.everything === undefined) {
    const reason = `${label} may touch every variable.`;
    found.unknown.push({ reason, range });
    found.unfamiliar.push({ reason, range });
  }
}

function reasonOutside(effect: LibraryEffect): OutsideReason[] {
  if (effect.kind === 'outside') return [effect.outside];
  return effect.kind === 'file' && effect.access === 'write' ? ['file-write'] : [];
}
