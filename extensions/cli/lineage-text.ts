import path from 'node:path';
import type { Lineage, LineageNode } from '../../runtime/index.ts';
import { shownPath } from './files.ts';
import type { Host } from './host.ts';
import { shortDigest } from './recorded-text.ts';

/** The neighbours of each node, by its identifier: what it comes from, or what came of it. */
function neighboursOf({ edges, nodes }: Lineage, way: Way): (id: string) => readonly LineageNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return (id) =>
    edges.flatMap(({ from, to }) => {
      const [here, there] = way === 'back' ? [to, from] : [from, to];
      return here === id ? (byId.get(there) ?? []) : [];
    });
}

type Way = 'back' | 'forth';

type Label = (node: LineageNode) => string;

/** One line for a node: its kind and name, and what it was; of cells of several notebooks the notebook too. */
function labelsOf(host: Host, { nodes }: Lineage): Label {
  const notebooks = new Set(nodes.flatMap(({ notebook }) => notebook ?? []));
  return (node) =>
    `${labelOf(host, node)}${notebooks.size > 1 && node.notebook !== undefined ? `, ${shownPath(host, node.notebook)}` : ''}`;
}

function labelOf(host: Host, { kind, name, what, number, run }: LineageNode): string {
  if (kind === 'cell') return `[${number ?? '*'}] ${name}${run === undefined ? '' : `, run ${run}`}`;
  const shown = kind === 'file' && path.isAbsolute(name) ? shownPath(host, name) : plainName(name);
  const isValue = kind === 'parameter' || kind === 'metric';
  const content = what === '' ? '' : isValue ? ` = ${plainParameter(what)}` : `  ${shortDigest(what)}`;
  return `${kind} ${shown}${kind === 'variable' ? '' : content}`;
}

/** Recorded numbers are objects, which no reader wants to see. */
function plainParameter(text: string): string {
  return /^\{"(?:int|float)":"([^"]*)"\}$/.exec(text)?.[1] ?? text;
}

/**
 * The lineage as text: what was asked for as a tree of what it comes from, then what came of it; what was told above is not told again.
 * Below it, the same file as other notebooks have read it, with another content.
 */
export function lineageTree(host: Host, lineage: Lineage): string {
  const { nodes, root: id } = lineage;
  const root = nodes.find((node) => node.id === id);
  if (root === undefined) return '';
  const told = new Set<string>();
  const label = labelsOf(host, lineage);
  const back = treeFrom(label, root, { way: 'back', next: neighboursOf(lineage, 'back'), told });
  const next = neighboursOf(lineage, 'forth');
  told.delete(id);
  const forth = treeFrom(label, root, { way: 'forth', next, told });
  const parts = [back, forth.length > 1 ? ['reaches', ...forth.slice(1)] : []];
  for (const file of nodes) {
    if (file.kind !== 'file' || told.has(file.id) || next(file.id).length === 0) continue;
    const [head = '', ...rest] = treeFrom(label, file, { way: 'forth', next, told });
    parts.push([`${head}, as another run has read it, reaches`, ...rest]);
  }
  return parts.flatMap((lines) => (lines.length === 0 ? [] : [`${lines.join('\n')}\n`])).join('\n');
}

/** Variables, not told yet, that all come from one cell, which comes from nothing; none when there is only one of them. */
function ofOneStart(
  own: readonly LineageNode[],
  { next, told }: { readonly next: (id: string) => readonly LineageNode[]; readonly told: ReadonlySet<string> },
): readonly [LineageNode | undefined, readonly LineageNode[]] {
  const starts = own.flatMap((node) => {
    const [cell, second] = node.kind === 'variable' && !told.has(node.id) ? next(node.id) : [];
    const isStart = cell?.kind === 'cell' && second === undefined && next(cell.id).length === 0;
    return isStart ? [{ node, cell }] : [];
  });
  const [first] = starts;
  const nodes = starts.filter(({ cell }) => cell.id === first?.cell.id).map(({ node }) => node);
  return nodes.length > 1 ? [first?.cell, nodes] : [undefined, []];
}

/** A function of a notebook in JavaScript may be told from others of its name by a number. */
function plainName(name: string): string {
  return name.startsWith('def:') ? name.slice('def:'.length).replace(/#\d+$/, '') : name;
}

function variablesOf(nodes: readonly LineageNode[]): string {
  const names = [...new Set(nodes.map(({ name }) => plainName(name)))];
  return `${names.length === 1 ? 'variable' : 'variables'} ${names.join(', ')}`;
}

/** A node and what is next to it in one way, a line each. */
function treeFrom(
  label: Label,
  root: LineageNode,
  {
    way,
    next,
    told,
  }: { readonly way: Way; readonly next: (id: string) => readonly LineageNode[]; readonly told: Set<string> },
): readonly string[] {
  const lines: string[] = [];
  const tell = (node: LineageNode, before: string, branch: string): void => {
    const own = next(node.id);
    const isTold = told.has(node.id) && own.length > 0;
    lines.push(`${before}${branch}${label(node)}${isTold ? '  (above)' : ''}`);
    if (isTold) return;
    told.add(node.id);
    const inside = branch === '' ? '' : branch === '└─ ' ? `${before}   ` : `${before}│  `;
    const known = own.filter(({ kind, id }) => kind === 'variable' && told.has(id) && next(id).length > 0);
    const [source, given] = way === 'back' ? ofOneStart(own, { next, told }) : [undefined, []];
    const rest = own.filter((neighbour) => !known.includes(neighbour) && !given.includes(neighbour));
    // One line for all of them: most cells use the same few modules, which one cell has imported.
    const more = [
      ...(source === undefined ? [] : [`${variablesOf(given)}, of ${label(source)}`]),
      ...(known.length === 0 ? [] : [`${variablesOf(known)}  (above)`]),
    ];
    for (const { id } of given) told.add(id);
    rest.forEach((neighbour, place) => {
      tell(neighbour, inside, place === rest.length - 1 && more.length === 0 ? '└─ ' : '├─ ');
    });
    more.forEach((line, place) => lines.push(`${inside}${place === more.length - 1 ? '└─ ' : '├─ '}${line}`));
  };
  tell(root, '', '');
  return lines;
}

/** For the program `dot` of Graphviz. */
export function lineageDot(host: Host, lineage: Lineage): string {
  const { nodes, edges } = lineage;
  const label = labelsOf(host, lineage);
  const names = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const shapes = {
    file: 'note',
    variable: 'ellipse',
    metric: 'octagon',
    cell: 'box',
    parameter: 'diamond',
    web: 'component',
  } as const;
  const lines = nodes.map(
    (node) => `  ${names.get(node.id) ?? ''} [shape=${shapes[node.kind]}, label=${JSON.stringify(label(node))}];`,
  );
  const arrows = edges.map(({ from, to }) => `  ${names.get(from) ?? ''} -> ${names.get(to) ?? ''};`);
  return `digraph lineage {\n  rankdir=LR;\n${[...lines, ...arrows].join('\n')}\n}\n`;
}

/** For Mermaid, as GitHub shows it in Markdown. */
export function lineageMermaid(host: Host, lineage: Lineage): string {
  const { nodes, edges } = lineage;
  const label = labelsOf(host, lineage);
  const names = new Map(nodes.map(({ id }, place) => [id, `n${place}`]));
  const text = (node: LineageNode): string => label(node).replaceAll('"', '#quot;').replaceAll('\n', ' ');
  const lines = nodes.map((node) => `  ${names.get(node.id) ?? ''}["${text(node)}"]`);
  const arrows = edges.map(({ from, to }) => `  ${names.get(from) ?? ''} --> ${names.get(to) ?? ''}`);
  return `flowchart LR\n${[...lines, ...arrows].join('\n')}\n`;
}
