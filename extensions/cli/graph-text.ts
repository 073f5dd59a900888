import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { joinEdges } from '../ui/graph-edges.ts';
import { renderTable } from './render.ts';

/** The first line of a cell that says something. */
export function firstLine(task: Task): string {
  const lines = task.source.split('\n').map((line) => line.trim());
  const code = lines.find((line) => line !== '' && !line.startsWith('#')) ?? lines.find((line) => line !== '') ?? '';
  return code.length > 48 ? `${code.slice(0, 47)}…` : code;
}

/** The tasks that are executed. */
export function shownTasks(bundle: Bundle): readonly Task[] {
  return bundle.tasks.filter((task) => task.executionCount > 0);
}

/**
 * The graph as a rail: one line per task; a column is one task's result on its way to its last reader, `●` where it is made, `○` where it is read.
 */
export function renderRail(bundle: Bundle): string {
  const tasks = shownTasks(bundle);
  const joined = joinEdges(bundle.edges);
  const place = new Map(tasks.map((task, index) => [task.id, index]));
  const lastReader = new Map<string, number>();
  for (const edge of joined) {
    lastReader.set(edge.from, Math.max(lastReader.get(edge.from) ?? 0, place.get(edge.to) ?? 0));
  }
  const rails: (string | undefined)[] = [];
  const rows = tasks.map((task, index) => {
    const read = new Set(joined.filter((edge) => edge.to === task.id).map((edge) => edge.from));
    const marks: string[] = rails.map((owner) => (owner === undefined ? ' ' : read.has(owner) ? '○' : '│'));
    rails.forEach((owner, column) => {
      if (owner !== undefined && (lastReader.get(owner) ?? 0) <= index) rails[column] = undefined;
    });
    let column = marks.findIndex((mark, at) => mark === ' ' && rails[at] === undefined);
    if (column < 0) column = marks.length;
    marks[column] = '●';
    if ((lastReader.get(task.id) ?? -1) > index) rails[column] = task.id;
    const inputs = joined.filter((edge) => edge.to === task.id && edge.kind === 'data').flatMap((edge) => edge.labels);
    const reads = inputs.length === 0 ? '' : `← ${[...new Set(inputs)].sort().join(', ')}`;
    return [`[${task.executionCount}]`, marks.join('').trimEnd(), task.name, firstLine(task), reads];
  });
  return renderTable(rows);
}

/** The graph in Graphviz's language. */
export function renderDot(bundle: Bundle): string {
  const text = (value: string): string =>
    `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  const nodes = shownTasks(bundle).map(
    (task) => `  ${text(task.id)} [label=${text(`[${task.executionCount}] ${task.name}\n${firstLine(task)}`)}];`,
  );
  const edges = joinEdges(bundle.edges).map((edge) => {
    const style = edge.observed ? 'bold' : edge.assumed ? 'dotted' : edge.kind === 'order' ? 'dashed' : 'solid';
    return `  ${text(edge.from)} -> ${text(edge.to)} [label=${text(edge.labels.join(', '))}, style=${style}];`;
  });
  return `digraph notebook {\n  rankdir=TB;\n  node [shape=box, fontname="sans-serif"];\n${[...nodes, ...edges].join('\n')}\n}\n`;
}

/** The graph in Mermaid's language, for Markdown. */
export function renderMermaid(bundle: Bundle): string {
  const tasks = shownTasks(bundle);
  const name = new Map(tasks.map((task, index) => [task.id, `t${index}`]));
  const text = (value: string): string =>
    `"${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', '&#96;')}"`;
  const nodes = tasks.map((task) => `  ${name.get(task.id) ?? ''}[${text(`${task.executionCount}: ${task.name}`)}]`);
  const edges = joinEdges(bundle.edges)
    .filter((edge) => name.has(edge.from) && name.has(edge.to))
    .map((edge) => {
      const arrow = edge.kind === 'order' || edge.assumed ? '-.->' : '-->';
      return `  ${name.get(edge.from) ?? ''} ${arrow}|${text(edge.labels.join(', '))}| ${name.get(edge.to) ?? ''}`;
    });
  return `flowchart TD\n${[...nodes, ...edges].join('\n')}\n`;
}
