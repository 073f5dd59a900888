import { canonicalJson, digest } from './bundle/canonical.ts';
import type { Diagnostic } from './bundle/diagnostic.ts';
import type { EffectsProfile } from './bundle/effects-profile.ts';
import { formatVersion, type Bundle, type Parameter, type Task } from './bundle/format.ts';
import type { Cell, Notebook } from './1-read/notebook.ts';
import { readNotebook } from './1-read/read.ts';
import { readDirectives } from './1-read/tags.ts';
import type { Effects, LanguageAnalyzer } from './2-analyze/effects.ts';
import { linkCells } from './3-link/link.ts';
import { headingAbove, taskName } from './4-emit/names.ts';
import { builtinNames } from './knowledge/load.ts';
import { readParameters } from './3-link/parameters.ts';

/** What compiling gives: a bundle unless a diagnostic is an error. */
export interface Compilation {
  readonly bundle?: Bundle;
  readonly notebook?: Notebook;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the compiler works with beside the notebook. */
export interface CompilerInput {
  readonly analyzers: readonly LanguageAnalyzer[];
  /** What runs of the notebook observed. */
  readonly profile?: EffectsProfile | undefined;
}

/** Compiles a notebook with the analyzers at hand. Pure: text in, values out, nothing executed. */
export function compileNotebook(
  bytes: Uint8Array | string,
  name: string,
  { analyzers, profile }: CompilerInput,
): Compilation {
  const read = readNotebook(bytes, name);
  if (!read.ok) return { diagnostics: read.error };
  const notebook = read.value;
  const analyzer = analyzers.find((candidate) => notebook.language.startsWith(candidate.language));
  if (analyzer === undefined) {
    const message = `The language ${notebook.language} cannot be compiled.`;
    return {
      notebook,
      diagnostics: [
        { code: 'CW401', severity: 'error', message, help: 'Only Python notebooks can be compiled.', related: [] },
      ],
    };
  }
  const cells = notebook.cells.filter((cell) => cell.kind === 'code');
  const effects = cells.map((cell) => analyzer.analyzeCell(cell.source, cell));
  const directives = cells.map((cell) => readDirectives(cell));
  const diagnostics = [
    ...directives.flatMap((found) => found.diagnostics),
    ...effects.flatMap((found) => found.diagnostics),
  ];
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { notebook, diagnostics };
  const tasks = emitTasks(notebook, {
    cells,
    effects,
    directives: directives.map((found) => found.directives),
    profile,
  });
  const { parameters, cell: parametersCell } = readParameters(cells, effects);
  const bundle: Bundle = {
    formatVersion,
    notebook: {
      name: notebook.name,
      digest: digest(notebook.document),
      language: notebook.language,
      kernelName: notebook.kernelName,
    },
    parameters: parameters satisfies readonly Parameter[],
    ...(parametersCell === undefined ? {} : { parametersCell }),
    ...tasks,
    diagnostics,
  };
  return { bundle, notebook, diagnostics };
}

/** The code cells of a notebook, and what is known of each. */
interface Analyzed {
  readonly cells: readonly Cell[];
  readonly effects: readonly Effects[];
  readonly directives: readonly Task['directives'][];
  readonly profile: EffectsProfile | undefined;
}

function emitTasks(
  notebook: Notebook,
  { cells, effects, directives, profile }: Analyzed,
): Pick<Bundle, 'tasks' | 'edges' | 'claims' | 'shadowedBuiltins'> {
  const executed = cells.map((cell, place) => cell.source.trim() !== '' && directives[place]?.skip !== true);
  // A format for messages that one cell sets shows the lines of all others.
  const isExact = effects.some((own) => own.showsLines);
  const codes = cells.map((cell, place) => {
    const text = isExact ? cell.source : (effects[place] as Effects).normalised;
    return digest(canonicalJson([text, directives[place]?.raisesException]));
  });
  const linked = cells.map((cell, place) => ({
    id: cell.id,
    code: codes[place] as Task['code'],
    effects: effects[place] as Effects,
    executed: executed[place] === true,
  }));
  const graph = linkCells(linked, profile);
  let count = 0;
  const tasks = cells.map((cell, place): Task => {
    const own = effects[place] as Effects;
    const { accesses = [], unobserved = [], profile: used, exposes = '*', preload = '*' } = graph.tasks[place] ?? {};
    const chosen = directives[place] as Task['directives'];
    const name = taskName(place + 1, cell, chosen.label, own, headingAbove(notebook.cells, cell.index));
    return {
      id: cell.id,
      name,
      index: cell.index,
      executionCount: executed[place] === true ? ++count : 0,
      source: cell.source,
      code: codes[place] as Task['code'],
      module: `tasks/${name}.py`,
      accesses,
      ...(unobserved.length > 0 && { unobserved }),
      ...(used !== undefined && { profile: used }),
      exposes,
      preload,
      imports: own.importStatements,
      leadingImports: own.leadingImports,
      directives: chosen,
    };
  });
  const bound = new Set(effects.flatMap((own) => own.binds.map((use) => use.name)));
  return {
    tasks,
    edges: graph.edges,
    ...(graph.claims.length > 0 && { claims: graph.claims }),
    shadowedBuiltins: [...bound].filter((name) => builtinNames.has(name)).sort(),
  };
}
