import type { Diagnostic, Range } from '../../bundle/diagnostic.ts';
import type { StateName } from '../../bundle/format.ts';
import { lowerCell, type Magic } from '../../1-read/magics.ts';
import type { Effects, LanguageAnalyzer, NameUse, OutsideUse, StateUse } from '../effects.ts';
import { normalise } from './normalise.ts';
import type { PythonParser, SyntaxNode } from './parse.ts';
import { firstError } from './rejected.ts';
import { findState } from './state.ts';
import { visitModule } from './visit.ts';

/** The analyzer of Python cells. */
export function createPythonAnalyzer(parser: PythonParser): LanguageAnalyzer {
  return { language: 'python', analyzeCell: (source, cell) => analyze(parser, source, cell) };
}

interface FromMagics {
  state: StateUse[];
  outside: OutsideUse[];
  binds: NameUse[];
  unobservable: NameUse[];
  unknown: { reason: string; range: Range }[];
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
  const fromMagics: FromMagics = { state: [], outside: [], binds: [], unobservable: [], unknown: [] };
  const lines = source.split('\n');
  for (const magic of lowered.magics) addMagic(magic, lines, fromMagics);
  const diagnostics: Diagnostic[] = fromMagics.unknown.map((unknown) => ({
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
  const found = findState(findings);
  return {
    reads: findings.reads,
    binds: [...findings.binds, ...fromMagics.binds],
    mutates: findings.mutates,
    deletes: findings.deletes,
    calls: findings.calls,
    summaries: findings.summaries,
    state: [...found.state, ...fromMagics.state],
    files: [],
    outside: [...found.outside, ...fromMagics.outside],
    imports: findings.imports,
    unobservable: [...findings.unobservable, ...fromMagics.unobservable],
    unknown: [...findings.unknown, ...fromMagics.unknown],
    normalised: lowered.magics.length > 0 || parsed === undefined ? source.trimEnd() : normalise(root, lowered.python),
    diagnostics,
  };
}

const stateMagics: Readonly<Record<string, StateName>> = {
  cd: 'cwd',
  pushd: 'cwd',
  popd: 'cwd',
  env: 'environ',
  set_env: 'environ',
  matplotlib: 'matplotlib',
  pylab: 'matplotlib',
  config: 'ipython',
  load_ext: 'ipython',
  reload_ext: 'ipython',
  autoreload: 'ipython',
  precision: 'ipython',
  alias: 'ipython',
  xmode: 'ipython',
  colors: 'ipython',
  pprint: 'ipython',
  automagic: 'ipython',
  doctest_mode: 'ipython',
  watermark: 'ipython',
  aimport: 'ipython',
  gui: 'ipython',
};
const harmless: ReadonlySet<string> = new Set([
  'time',
  'timeit',
  'capture',
  'prun',
  'memit',
  'html',
  'HTML',
  'javascript',
  'js',
  'svg',
  'SVG',
  'latex',
  'markdown',
  'pwd',
  'lsmagic',
  'magic',
  'quickref',
  'pinfo',
  'pinfo2',
  'pdoc',
  'pdef',
  'psource',
  'pfile',
  'psearch',
  'bookmark',
  'dhist',
  'page',
  'pycat',
  'notebook',
  'lprun',
  'mprun',
]);
const subprocesses: ReadonlySet<string> = new Set([
  'bash',
  'sh',
  'script',
  'system',
  'sx',
  'pip',
  'conda',
  'mamba',
  'micromamba',
  'uv',
  'ls',
  'cat',
  'cp',
  'mv',
  'rm',
  'mkdir',
  'rmdir',
  'less',
  'more',
  'man',
  'perl',
  'ruby',
  'python',
  'python3',
  'pypy',
  'cmd',
  'll',
  'lf',
  'lk',
  'ldir',
  'lx',
  'writefile',
  'file',
  'save',
  'notebook',
  'edit',
]);

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
  const state = stateMagics[magic.name];
  if (magic.kind === 'help') return;
  if (magic.kind === 'shell' || subprocesses.has(magic.name)) {
    const outside =
      magic.name === 'writefile' || magic.name === 'file' || magic.name === 'save' ? 'file-write' : 'subprocess';
    found.outside.push({ outside, range, reason: label });
    for (const name of magic.text.matchAll(/[A-Za-z_]\w*/g)) {
      found.unobservable.push({
        name: name[0],
        range,
        certainty: 'may',
        assumed: true,
        reason: `${label} may expand it`,
      });
    }
  } else if (state !== undefined) {
    found.state.push({ state, access: 'write', range, reason: label });
  } else if (!harmless.has(magic.name)) {
    found.unknown.push({ reason: `${label} may touch every variable.`, range });
  }
}
