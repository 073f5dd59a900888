import path from 'node:path';
import type { Lineage, LineageNode } from '../../runtime/index.ts';
import { shownPath } from './files.ts';
import type { Host } from './host.ts';
import { shortDigest } from './recorded-text.ts';

/** The sources of each node, by its identifier. */
function sourcesOf({ edges, nodes }: Lineage): (id: string) => readonly LineageNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return (id) => edges.flatMap(({ from, to }) => (to === id ? (byId.get(from) ?? []) : []));
}

/** One line for a node: its kind and name, and what it was. */
export function labelOf(host: Host, { kind, name, what, number, run }: LineageNode): string {
  if (kind === 'cell') return `[${number ?? '*'}] ${name}${run === undefined ? '' : `, run ${run}`}`;
  const shown = kind === 'file' && path.isAbsolute(name) ? shownPath(host, name) : name.replace(/^def:/, '');
  const content = what === '' ? '' : kind === 'parameter' ? ` = ${plainParameter(what)}` : `  ${shortDigest(what)}`;
  return `${kind} ${shown}${kind === 'variable' ? '' : content}`;
}

/** Recorded numbers are objects, which no reader wants to see. */
function plainParameter(text: string): string {
  return /^\{"(?:int|float)":"([^"]*)"\}$/.exec(text)?.[1] ?? text;
}

/** The lineage as a tree from what was asked for; what was told above is not told again. */
export function lineageTree(host: Host, lineage: Lineage): string {
  const sources = sourcesOf(lineage);
  const root = lineage.nodes.find(({ id }) => id === lineage.root);
  const told = new Set<string>();
  const lines: string[] = [];
  const tell = (node: LineageNode, before: string, branch: string): void => {
    const isTold = told.has(node.id) && sources(node.id).length > 0;
    lines.push(`${before}${branch}${labelOf(host, node)}${isTold ? '  (above)' : ''}`);
    if (isTold) return;
    told.add(node.id);
    const own = sources(node.id);
    const inside = branch === '' ? '' : branch === '└─ ' ? `${before}   ` : `${before}│  `;
    own.forEach((source, place) => {
      tell(source, inside, place === own.length - 1 ? '└─ ' : '├─ ');
    });
  };
  if (root !== undefined) tell(root, '', '');
  return `${lines.join('\n')}\n`;
}

/** For the program `dot` of Graphviz. */
export function lineageDot(host: Host, { nodes, edges }: Lineage): string {
  const names = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const shapes = { file: 'note', variable: 'ellipse', cell: 'box', parameter: 'diamond', web: 'component' } as const;
  const lines = nodes.map(
    (node) =>
      `  ${names.get(node.id) ?? ''} [shape=${shapes[node.kind]}, label=${JSON.stringify(labelOf(host, node))}];`,
  );
  const arrows = edges.map(({ from, to }) => `  ${names.get(from) ?? ''} -> ${names.get(to) ?? ''};`);
  return `digraph lineage {\n  rankdir=LR;\n${[...lines, ...arrows].join('\n')}\n}\n`;
}

/** For Mermaid, as GitHub shows it in Markdown. */
export function lineageMermaid(host: Host, { nodes, edges }: Lineage): string {
  const names = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const text = (node: LineageNode): string => labelOf(host, node).replaceAll('"', '#quot;').replaceAll('\n', ' ');
  const lines = nodes.map((node) => `  ${names.get(node.id) ?? ''}["${text(node)}"]`);
  const arrows = edges.map(({ from, to }) => `  ${names.get(from) ?? ''} --> ${names.get(to) ?? ''}`);
  return `flowchart LR\n${[...lines, ...arrows].join('\n')}\n`;
}
