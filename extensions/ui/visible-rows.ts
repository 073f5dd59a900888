import type { Arrow, Pipeline, PipelineTask } from './pipeline.ts';
import type { Section } from './sections.ts';

/** A row of the list: a heading, open or folded, or a cell. */
export type Row =
  | {
      readonly kind: 'section';
      readonly id: string;
      readonly depth: number;
      readonly section: Section;
      readonly isFolded: boolean;
    }
  | { readonly kind: 'task'; readonly id: string; readonly depth: number; readonly task: PipelineTask };

/** What is shown of a pipeline, when some headings are folded and some words are looked for. */
export interface Shown {
  readonly rows: readonly Row[];
  /** By a cell's id the row that stands for it: its own, or the folded heading that it is below. */
  readonly standsFor: ReadonlyMap<string, string>;
  /** Between rows; several cells of a folded heading have one together. */
  readonly arrows: readonly Arrow[];
}

/** @param folded ids of folded sections */
export function showRows(pipeline: Pipeline, folded: ReadonlySet<string>): Shown {
  const sections = new Map(pipeline.sections.map((section) => [section.id, section]));
  const foldedAbove = (id: string | undefined): string | undefined => {
    let outermost: string | undefined;
    for (let at = id === undefined ? undefined : sections.get(id); at !== undefined;) {
      if (folded.has(at.id)) outermost = at.id;
      at = at.parent === undefined ? undefined : sections.get(at.parent);
    }
    return outermost;
  };
  const standsFor = new Map(pipeline.tasks.map(({ id, section }) => [id, foldedAbove(section) ?? id]));
  return { rows: rowsOf(pipeline, folded, foldedAbove), standsFor, arrows: joinArrows(pipeline.arrows, standsFor) };
}

function rowsOf(
  { tasks, sections }: Pipeline,
  folded: ReadonlySet<string>,
  foldedAbove: (id: string | undefined) => string | undefined,
): readonly Row[] {
  const first = new Map<string, Section[]>();
  for (const section of sections) {
    const [cell = ''] = section.all;
    first.set(cell, [...(first.get(cell) ?? []), section]);
  }
  const depths = new Map(sections.map(({ id, depth }) => [id, depth]));
  return tasks.flatMap((task): Row[] => {
    const headings = (first.get(task.id) ?? []).filter(({ parent }) => foldedAbove(parent) === undefined);
    const above = headings.map((section): Row => {
      const { id, depth } = section;
      return { kind: 'section', id, depth, section, isFolded: folded.has(id) };
    });
    if (foldedAbove(task.section) !== undefined) return above;
    return [...above, { kind: 'task', id: task.id, depth: (depths.get(task.section ?? '') ?? 0) + 1, task }];
  });
}

function joinArrows(arrows: readonly Arrow[], standsFor: ReadonlyMap<string, string>): readonly Arrow[] {
  const joined = new Map<string, { from: string; to: string; labels: Set<string> }>();
  for (const arrow of arrows) {
    const [from, to] = [standsFor.get(arrow.from), standsFor.get(arrow.to)];
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${from}\n${to}`;
    const known = joined.get(key) ?? { from, to, labels: new Set<string>() };
    for (const label of arrow.labels) known.labels.add(label);
    joined.set(key, known);
  }
  return [...joined.values()].map(({ from, to, labels }) => ({ from, to, labels: [...labels] }));
}

/** True when a cell has all the words: in its label, its text, its number or a name that it makes. */
export function matches(task: PipelineTask, words: string): boolean {
  const text = [`[${task.number}]`, task.name, task.label, task.source].join('\n').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
