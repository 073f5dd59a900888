import { Graph, layout } from '@dagrejs/dagre';

/** What is laid out: boxes of known width in notebook order, and arrows between them with the width of their labels. */
export interface Sketch {
  readonly boxes: readonly { readonly id: string; readonly width: number }[];
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly label: number }[];
  readonly boxHeight: number;
  readonly margin: number;
  /** Pixels between two boxes of a layer, 20 when it is not said. */
  readonly gap?: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where everything is. A box is named by its centre; an arrow has its way, and the centre of its label where it has room for one. */
export interface Placed {
  readonly width: number;
  readonly height: number;
  readonly box: (id: string) => Point & { readonly width: number; readonly height: number };
  readonly way: (arrow: { readonly from: string; readonly to: string }) => readonly Point[];
  readonly label: (arrow: { readonly from: string; readonly to: string }) => Point | undefined;
}

/** Layers of more boxes than these are neither readable nor found in reasonable time: the way grows faster than the square. */
const mostInLayers = 150;

/** Layers from top to bottom; a long notebook is a column in its own order, with the arrows at its left. */
export function placeSketch(sketch: Sketch): Placed {
  return sketch.boxes.length > mostInLayers ? placeInColumn(sketch) : placeInLayers(sketch);
}

function placeInLayers({ boxes, arrows, boxHeight, margin, gap = 20 }: Sketch): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: gap, ranksep: 30, edgesep: 14, marginx: margin, marginy: margin });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width } of boxes) graph.setNode(id, { width, height: boxHeight });
  for (const { from, to, label } of arrows) graph.setEdge(from, to, { width: label, height: 14, labelpos: 'c' });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const empty = boxes.length === 0 ? 2 * margin : 0;
  return {
    width: Math.ceil(width + empty),
    height: Math.ceil(height + empty),
    box: (id) => graph.node(id),
    way: ({ from, to }) => graph.edge(from, to).points ?? [],
    label: ({ from, to }) => {
      const { x, y } = graph.edge(from, to);
      return x === undefined || y === undefined ? undefined : { x, y };
    },
  };
}

const rowGap = 8;
const widestBracket = 220;

function placeInColumn({ boxes, boxHeight, margin }: Sketch): Placed {
  const left = margin + widestBracket;
  const step = boxHeight + rowGap;
  const rows = new Map(boxes.map(({ id }, row) => [id, row]));
  const widths = new Map(boxes.map(({ id, width }) => [id, width]));
  const middle = (id: string): number => margin + (rows.get(id) ?? 0) * step + boxHeight / 2;
  return {
    width: Math.ceil(left + Math.max(...widths.values()) + margin),
    height: Math.ceil(2 * margin + boxes.length * step),
    box: (id) => {
      const width = widths.get(id) ?? 0;
      return { x: left + width / 2, y: middle(id), width, height: boxHeight };
    },
    // Longer ways are further out, so that they are told apart.
    way: ({ from, to }) => {
      const out = left - Math.min(widestBracket, 12 * Math.sqrt((rows.get(to) ?? 0) - (rows.get(from) ?? 0)) + 8);
      const [start, end] = [middle(from) + 6, middle(to) - 6];
      return [
        { x: left, y: start },
        { x: out, y: start },
        { x: out, y: end },
        { x: left, y: end },
      ];
    },
    label: () => undefined,
  };
}
