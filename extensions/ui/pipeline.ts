import type { Diagnostic, Range } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle, Edge, Task } from '../../compiler/bundle/format.ts';
import { describeResource, isDrawn, isImport, joinEdges, reasonOf } from './graph-edges.ts';
import type { Need } from './panel.ts';
import { placeInSections, type Section } from './sections.ts';

/** What the compiler gives of a notebook, as far as the view needs it. */
export interface CompiledNotebook {
  readonly name: string;
  readonly bundle: Bundle | undefined;
  /** Undefined when the text is no notebook. */
  readonly cells: readonly CellText[] | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** A cell as it is written. */
export interface CellText {
  readonly id: string;
  readonly index: number;
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly source: string;
}

/** A code cell as the pictures show it. */
export interface PipelineTask {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly label: string;
  /** The number in `In [n]`; 0: it is not executed. */
  readonly number: number;
  readonly source: string;
  readonly code: string;
  readonly firstLine: string;
  /** Id of the section that it stands in. */
  readonly section: string | undefined;
  readonly makes: readonly string[];
  readonly uses: readonly string[];
  readonly reads: readonly Need[];
  readonly writes: readonly Need[];
  /** Why it starts only when every earlier cell is done, when it does. */
  readonly inTurn: readonly string[];
  readonly isGate: boolean;
  readonly metrics: readonly string[];
}

/** An arrow that the pictures draw. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly labels: readonly string[];
}

/** The graph of a notebook. */
export interface Pipeline {
  readonly name: string;
  /** Undefined while the notebook does not compile. */
  readonly language: string | undefined;
  /** All code cells, in notebook order. */
  readonly tasks: readonly PipelineTask[];
  readonly byId: ReadonlyMap<string, PipelineTask>;
  readonly sections: readonly Section[];
  /** Data that is known to flow; neither imports nor what is only assumed. */
  readonly arrows: readonly Arrow[];
  readonly parameters: Bundle['parameters'];
  readonly diagnostics: readonly Diagnostic[];
  /** False when the compiler refused it: there are cells and no arrows, or those of its last good text. */
  readonly isCompiled: boolean;
}

/** @param before the last graph, which stays while a text is refused: somebody is in the middle of an edit */
export function pipelineOf(compiled: CompiledNotebook, before: Pipeline | undefined): Pipeline | undefined {
  const { bundle, cells, diagnostics, name } = compiled;
  if (bundle !== undefined && cells !== undefined) return fromBundle(bundle, cells, name);
  if (cells === undefined) return before === undefined ? undefined : { ...before, diagnostics, isCompiled: false };
  const known = new Map(before?.tasks.map((task) => [task.id, task]));
  const sections = placeInSections(cells);
  let number = 0;
  const tasks = cells.flatMap((cell): PipelineTask[] => {
    if (cell.kind !== 'code') return [];
    const count = cell.source.trim() === '' ? 0 : ++number;
    const { id, index, source } = cell;
    const section = sections.of.get(id);
    const own = known.get(id);
    return [{ ...(own ?? nothingKnown), id, index, source, section, number: count, firstLine: firstLineOf(source) }];
  });
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const arrows = (before?.arrows ?? []).filter(({ from, to }) => byId.has(from) && byId.has(to));
  const { language, parameters = [] } = before ?? {};
  return { name, language, tasks, byId, sections: sections.all, arrows, parameters, diagnostics, isCompiled: false };
}

const nothingKnown: Omit<PipelineTask, 'id' | 'index' | 'source' | 'section' | 'number' | 'firstLine'> = {
  name: 'cell',
  label: 'cell',
  code: '',
  makes: [],
  uses: [],
  reads: [],
  writes: [],
  inTurn: [],
  isGate: false,
  metrics: [],
};

function fromBundle(bundle: Bundle, cells: readonly CellText[], name: string): Pipeline {
  const sections = placeInSections(cells);
  const labels = new Map(bundle.tasks.map((task) => [task.id, labelOf(task)]));
  const needs = needsBetween(bundle.edges, labels);
  const tasks = bundle.tasks.map((task): PipelineTask => {
    const own = needs.get(task.id);
    return {
      id: task.id,
      index: task.index,
      name: task.name,
      label: labelOf(task),
      number: task.executionCount,
      source: task.source,
      code: task.code,
      firstLine: firstLineOf(task.source),
      section: sections.of.get(task.id),
      makes: namesOf(task, ['bind', 'mutate', 'delete']),
      uses: namesOf(task, ['read']),
      reads: own?.reads ?? [],
      writes: own?.writes ?? [],
      inTurn: outsideOf(task),
      isGate: task.directives.gate || (task.measures?.gates.length ?? 0) > 0,
      metrics: task.measures?.metrics.map((metric) => metric.name) ?? [],
    };
  });
  const executed = new Set(tasks.flatMap(({ id, number }) => (number > 0 ? [id] : [])));
  const drawn = bundle.edges.filter((edge) => isDrawn(edge) && executed.has(edge.from) && executed.has(edge.to));
  return {
    name,
    language: bundle.notebook.language,
    tasks,
    byId: new Map(tasks.map((task) => [task.id, task])),
    sections: sections.all,
    arrows: joinEdges(drawn).map(({ from, to, labels: carried }) => ({ from, to, labels: carried })),
    parameters: bundle.parameters,
    diagnostics: bundle.diagnostics,
    isCompiled: true,
  };
}

/** `07_clean` is called `clean`. */
function labelOf({ name, directives }: Task): string {
  return directives.label ?? name.replace(/^\d+_/, '').replaceAll('_', ' ');
}

/** The first line of a cell that says something. */
export function firstLineOf(source: string): string {
  const lines = source.split('\n').map((line) => line.trim());
  const code = lines.find((line) => line !== '' && !line.startsWith('#')) ?? lines.find((line) => line !== '') ?? '';
  return code.length > 72 ? `${code.slice(0, 71)}…` : code;
}

/** Names that a cell uses in one of these ways; what only an import binds is left out. */
function namesOf(task: Task, ways: readonly string[]): readonly string[] {
  const found = task.accesses.filter(
    ({ access, resource, reason }) =>
      ways.includes(access) && resource.kind !== 'outside' && !/(?:^|: )(?:import|from) /.test(reason),
  );
  return [...new Set(found.map(({ resource }) => describeResource(resource)))];
}

function outsideOf({ accesses }: Task): readonly string[] {
  return [...new Set(accesses.flatMap(({ resource, reason }) => (resource.kind === 'outside' ? [reason] : [])))];
}

interface Both {
  readonly reads: Need[];
  readonly writes: Need[];
}

interface Joined {
  readonly edges: Edge[];
}

/** What each task needs of others and gives to them; edges between the same two that are of one sort are one. */
function needsBetween(edges: readonly Edge[], labels: ReadonlyMap<string, string>): ReadonlyMap<string, Both> {
  const joined = new Map<string, Joined>();
  for (const edge of edges) {
    const sort = isDrawn(edge) ? 'drawn' : isImport(edge) ? 'import' : edge.assumed ? 'assumed' : 'order';
    const key = [edge.from, edge.to, sort].join('\n');
    const known = joined.get(key);
    if (known === undefined) joined.set(key, { edges: [edge] });
    else known.edges.push(edge);
  }
  const found = new Map<string, Both>();
  const at = (cell: string): Both => {
    const known = found.get(cell) ?? { reads: [], writes: [] };
    found.set(cell, known);
    return known;
  };
  for (const { edges: all } of joined.values()) {
    const [first] = all;
    if (first === undefined) continue;
    at(first.to).reads.push(needOf(all, first, { cell: first.from, label: labels.get(first.from) ?? '' }));
    at(first.from).writes.push(needOf(all, first, { cell: first.to, label: labels.get(first.to) ?? '' }));
  }
  return found;
}

function needOf(all: readonly Edge[], first: Edge, other: Pick<Need, 'cell' | 'label'>): Need {
  return {
    ...other,
    kind: first.kind,
    assumed: first.assumed,
    isImport: isImport(first),
    carries: all.map(({ resource }) => describeResource(resource)),
    reasons: all.map(reasonOf),
    from: first.fromRange satisfies Range,
    to: first.toRange satisfies Range,
  };
}
