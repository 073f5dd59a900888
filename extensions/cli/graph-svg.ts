import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { arrowLabel, isDrawn, joinEdges, pathThrough, withoutShortcuts, type JoinedEdge } from '../ui/graph-edges.ts';
import { placeSketch, type Placed, type Point } from '../ui/graph-layout.ts';
import { firstLine, shownTasks } from './graph-text.ts';

const nodeHeight = 46;
const margin = 16;
const longestLine = 30;

/** Colours for both themes; a picture stands alone, so it carries them. */
const style = `
.cw-graph { font: 13px system-ui, sans-serif; color-scheme: light dark; }
.cw-graph .page { fill: #ffffff; } .cw-graph text { fill: #1c2128; } .cw-graph .code { font: 11px ui-monospace, monospace; fill: #57606a; }
.cw-graph .label { font: 11px ui-monospace, monospace; fill: #57606a; stroke: #ffffff; stroke-width: 4px; paint-order: stroke; text-anchor: middle; }
.cw-graph .node rect { fill: #f6f8fa; stroke: #57606a; } .cw-graph path { fill: none; stroke: #8c959f; stroke-width: 1.4; } .cw-graph .head { fill: #8c959f; stroke: none; }
.cw-graph .ran rect { fill: #ddf4ff; stroke: #0969da; } .cw-graph .cached rect { fill: #dafbe1; stroke: #1a7f37; } .cw-graph .failed rect { fill: #ffebe9; stroke: #cf222e; stroke-width: 2; } .cw-graph .not-run rect { stroke-dasharray: 4 3; }
@media (prefers-color-scheme: dark) {
.cw-graph .page { fill: #0d1117; } .cw-graph text { fill: #e6edf3; } .cw-graph .code { fill: #9198a1; } .cw-graph .label { fill: #9198a1; stroke: #0d1117; }
.cw-graph .node rect { fill: #151b23; stroke: #9198a1; } .cw-graph path { stroke: #656c76; } .cw-graph .head { fill: #656c76; }
.cw-graph .ran rect { fill: #0c2d5e; stroke: #58a6ff; } .cw-graph .cached rect { fill: #0f3d20; stroke: #3fb950; } .cw-graph .failed rect { fill: #5a1e1e; stroke: #f85149; }
}`;

/** Text that is safe inside an element or an attribute. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/**
 * The graph as a picture that stands alone: the way of the data. Imports, hidden state and what is only assumed are not drawn
 * (`explain` lists them), nor is an arrow that a longer way already says. `statuses` colours tasks after a run, by id.
 */
export function graphPicture(bundle: Bundle, statuses: ReadonlyMap<string, string>): string {
  const tasks = shownTasks(bundle);
  const shown = new Set(tasks.map((task) => task.id));
  const drawn = bundle.edges.filter((edge) => isDrawn(edge) && shown.has(edge.from) && shown.has(edge.to));
  const edges = withoutShortcuts(joinEdges(drawn));
  const placed = placeSketch({
    boxes: tasks.map((task) => ({ id: task.id, width: widthOf(task) })),
    arrows: edges.map((edge) => ({ from: edge.from, to: edge.to, label: 7 * arrowLabel(edge.labels).length })),
    boxHeight: nodeHeight,
    margin,
  });
  const { width, height } = placed;
  const names = new Map(tasks.map((task) => [task.id, task.name]));
  const arrows = edges.map((edge) => drawArrow(edge, placed.way(edge), names));
  const labels = edges.map((edge) => drawLabel(edge, placed.label(edge)));
  const boxes = tasks.map((task) => drawNode(task, placed.box(task.id), statuses.get(task.id)));
  const title = `Graph of ${bundle.notebook.name}`;
  const description = `${tasks.length} tasks and ${edges.length} arrows; an arrow leads from a task to one that needs its data.`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="cw-graph" role="img" aria-labelledby="cw-graph-title cw-graph-desc" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title id="cw-graph-title">${escape(title)}</title>
<desc id="cw-graph-desc">${escape(description)}</desc>
<style>${style}
</style>
<defs><marker id="cw-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
<rect class="page" width="100%" height="100%"/>
${[...arrows, ...labels, ...boxes].join('\n')}
</svg>
`;
}

function lineOf(task: Task): string {
  const line = firstLine(task);
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}

function widthOf(task: Task): number {
  return Math.max(7.6 * (task.name.length + 5), 6.8 * lineOf(task).length) + 20;
}

function drawArrow(edge: JoinedEdge, points: readonly Point[], names: ReadonlyMap<string, string>): string {
  const line = pathThrough(points);
  if (line === '') return '';
  const title = `${names.get(edge.from) ?? ''} → ${names.get(edge.to) ?? ''}: ${edge.labels.join(', ')}`;
  return `<path class="${edge.kind}" marker-end="url(#cw-head)" d="${line}"><title>${escape(title)}</title></path>`;
}

/** The first name that an arrow carries, and how many more. */
function drawLabel(edge: JoinedEdge, place: Point | undefined): string {
  if (place === undefined) return '';
  return `<text class="label" x="${place.x.toFixed(1)}" y="${(place.y + 4).toFixed(1)}">${escape(arrowLabel(edge.labels))}</text>`;
}

function drawNode(task: Task, box: ReturnType<Placed['box']>, status: string | undefined): string {
  const word = status === undefined ? '' : `, ${status === 'cached' ? 'reused' : status}`;
  const x = box.x - box.width / 2;
  const y = box.y - box.height / 2;
  return `<g class="node ${status ?? ''}"><title>${escape(`[${task.executionCount}] ${task.name}${word}`)}</title><rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${box.width.toFixed(1)}" height="${box.height}" rx="6"/><text x="${(x + 10).toFixed(1)}" y="${(y + 19).toFixed(1)}">[${task.executionCount}] ${escape(task.name)}</text><text class="code" x="${(x + 10).toFixed(1)}" y="${(y + 36).toFixed(1)}">${escape(lineOf(task))}</text></g>`;
}
