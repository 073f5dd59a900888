import path from 'node:path';
import { lastValue, nearest, type ParsedArguments } from '../args.ts';
import { graphPicture } from '../graph-svg.ts';
import { joinEdges, type JoinedEdge } from '../../ui/graph-edges.ts';
import { renderDot, renderMermaid, renderRail, shownTasks } from '../graph-text.ts';
import { isSameFile } from '../files.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { renderDocument } from '../json-document.ts';
import { writeOutput } from '../output-file.ts';

const formats = ['text', 'json', 'dot', 'mermaid', 'svg'];

/** `cellwright graph NB [--format F] [-o FILE]`. */
export async function graphCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const format = lastValue(parsed, 'format') ?? formatOf(lastValue(parsed, 'output')) ?? 'text';
  if (!formats.includes(format)) {
    const near = nearest(format, formats);
    const help = near === undefined ? `The formats are ${formats.join(', ')}.` : `Did you mean ${near}?`;
    return usage(`There is no format ${format}.`, help);
  }
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const { diagnostics, sources } = input.value;
  const document = describeGraph(input.value);
  const result = { status: 'ok', diagnostics, sources, document } as const;
  const target = lastValue(parsed, 'output');
  const isJson = format === 'json';
  if (target === undefined) return { ...result, text: isJson ? '' : render(input.value, format), asJson: isJson };
  const file = path.resolve(host.cwd, target);
  if (isSameFile(file, path.resolve(host.cwd, input.value.path))) {
    return usage(`${target} is the notebook itself.`, 'Name another file with -o.');
  }
  const written = { ...document, written: file };
  const text = isJson ? renderDocument('graph', { ...result, document: written }) : render(input.value, format);
  const problem = writeOutput(file, text, target);
  return problem ?? { ...result, text: `${target}\n`, document: written };
}

function formatOf(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const known: Readonly<Record<string, string>> = {
    '.svg': 'svg',
    '.dot': 'dot',
    '.gv': 'dot',
    '.mmd': 'mermaid',
    '.json': 'json',
  };
  return known[path.extname(file).toLowerCase()];
}

function render(input: Input, format: string): string {
  switch (format) {
    case 'dot':
      return renderDot(input.bundle);
    case 'mermaid':
      return renderMermaid(input.bundle);
    case 'svg':
      return graphPicture(input.bundle, new Map());
    default:
      return renderRail(input.bundle);
  }
}

function describeGraph(input: Input): Readonly<Record<string, unknown>> {
  return {
    notebook: input.path,
    tasks: shownTasks(input.bundle).map(({ id, name, index, executionCount }) => ({ id, name, index, executionCount })),
    edges: joinEdges(input.bundle.edges).map(describeEdge),
    claims: joinEdges(input.bundle.claims ?? []).map(describeEdge),
  };
}

function describeEdge({ from, to, kind, assumed, observed, labels }: JoinedEdge): Readonly<Record<string, unknown>> {
  return { from, to, kind, assumed, observed, carries: labels };
}
