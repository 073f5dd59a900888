import { canonicalJson, digest } from './bundle/canonical.ts';
import type { Diagnostic } from './bundle/diagnostic.ts';
import type { EffectsProfile } from './bundle/effects-profile.ts';
import { formatVersion, type Bundle, type Measures, type Parameter, type Task } from './bundle/format.ts';
import type { Cell, Notebook } from './1-read/notebook.ts';
import { readNotebook } from './1-read/read.ts';
import { readDirectives } from './1-read/tags.ts';
import type { Effects } from './2-analyze/effects.ts';
import { linkCells } from './3-link/link.ts';
import { understandMeasures } from './3-link/measures.ts';
import { readTaggedParameters } from './3-link/tagged-parameters.ts';
import { headingAbove, taskName } from './4-emit/names.ts';
import { languageOf, type Language } from './languages.ts';

/** What compiling gives: a bundle unless a diagnostic is an error. */
export interface Compilation {
  readonly bundle?: Bundle;
  readonly notebook?: Notebook;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the compiler works with beside the notebook. */
export interface CompilerInput {
  readonly languages: readonly Language[];
  /** What runs of the notebook observed. */
  readonly profile?: EffectsProfile | undefined;
}

/** Compiles a notebook with the languages at hand. Pure: text in, values out, nothing executed. */
export function compileNotebook(
  bytes: Uint8Array | string,
  name: string,
  { languages, profile }: CompilerInput,
): Compilation {
  const read = readNotebook(bytes, name);
  if (!read.ok) return { diagnostics: read.error };
  const notebook = read.value;
  const language = languageOf(notebook, languages);
  if (language === undefined) {
    const message = `The language ${notebook.language} cannot be compiled.`;
    return {
      notebook,
      diagnostics: [
        {
          code: 'CW401',
          severity: 'error',
          message,
          help: 'Notebooks in Python, TypeScript and JavaScript can be compiled.',
          related: [],
        },
      ],
    };
  }
  const cells = notebook.cells.filter((cell) => cell.kind === 'code');
  const analyzed = language.analyzer.analyzeCells(cells, notebook.kernelName);
  const directives = cells.map((cell) => readDirectives(cell));
  const measured = understandMeasures(
    directives.map((found, place) => ({ written: found.measures, effects: analyzed[place] as Effects })),
    language,
  );
  const { effects } = measured;
  const diagnostics = [
    ...directives.flatMap((found) => found.diagnostics),
    ...measured.diagnostics,
    ...effects.flatMap((found) => found.diagnostics),
  ];
  if (diagnostics.some((diagnostic) => diagnostic.severity === 'error')) return { notebook, diagnostics };
  const tasks = emitTasks(notebook, {
    language,
    cells,
    effects,
    asked: directives.map((found, place) => ({ ...found.directives, measures: measured.measures[place] })),
    profile,
  });
  const { parameters, cell: parametersCell } = readTaggedParameters(cells, effects, language.parameters);
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

/** What a cell's directives ask for. */
type Asked = Task['directives'] & { readonly measures: Measures | undefined };

/** The code cells of a notebook, and what is known of each. */
interface Analyzed {
  readonly language: Language;
  readonly cells: readonly Cell[];
  readonly effects: readonly Effects[];
  readonly asked: readonly Asked[];
  readonly profile: EffectsProfile | undefined;
}

function emitTasks(
  notebook: Notebook,
  { language, cells, effects, asked, profile }: Analyzed,
): Pick<Bundle, 'tasks' | 'edges' | 'claims' | 'shadowedBuiltins'> {
  const executed = cells.map((cell, place) => cell.source.trim() !== '' && asked[place]?.skip !== true);
  // A format for messages that one cell sets shows the lines of all others.
  const isExact = effects.some((own) => own.showsLines);
  const codes = cells.map((cell, place) => {
    const text = isExact ? cell.source : (effects[place] as Effects).normalised;
    const { measures, ...chosen } = asked[place] as Asked;
    return digest(canonicalJson(partsOfCode(text, chosen, measures)));
  });
  const linked = cells.map((cell, place) => ({
    id: cell.id,
    code: codes[place] as Task['code'],
    effects: effects[place] as Effects,
    executed: executed[place] === true,
  }));
  const graph = linkCells(linked, language.knowledge, profile);
  let count = 0;
  const tasks = cells.map((cell, place): Task => {
    const own = effects[place] as Effects;
    const { accesses = [], unobserved = [], profile: used, exposes = '*', preload = '*' } = graph.tasks[place] ?? {};
    const { measures, ...chosen } = asked[place] as Asked;
    const name = taskName(place + 1, cell, chosen.label, own, headingAbove(notebook.cells, cell.index));
    return {
      id: cell.id,
      name,
      index: cell.index,
      executionCount: executed[place] === true ? ++count : 0,
      source: cell.source,
      ...(own.script !== undefined && { script: own.script }),
      ...(own.lowered !== undefined && { lowered: own.lowered }),
      ...(own.outlives !== undefined && { outlives: own.outlives }),
      code: codes[place] as Task['code'],
      module: `tasks/${name}.${language.extension}`,
      accesses,
      ...(unobserved.length > 0 && { unobserved }),
      ...(used !== undefined && { profile: used }),
      exposes,
      preload,
      imports: own.importStatements,
      leadingImports: own.leadingImports,
      directives: chosen,
      ...(measures === undefined ? {} : { measures }),
    };
  });
  const bound = new Set(effects.flatMap((own) => own.binds.map((use) => use.name)));
  return {
    tasks,
    edges: graph.edges,
    ...(graph.claims.length > 0 && { claims: graph.claims }),
    shadowedBuiltins: [...bound].filter((name) => language.knowledge.builtinNames.has(name)).sort(),
  };
}

/** What decides whether two cells do the same. A result without what is to be measured is no result for a cell that asks for it. */
function partsOfCode(text: string, { raisesException, gate }: Task['directives'], measures?: Measures): unknown[] {
  return [text, raisesException, ...(measures === undefined ? [] : [measures]), ...(gate ? ['gate'] : [])];
}
