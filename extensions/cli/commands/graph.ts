import path from 'node:path';
import { lastValue, nearest, type ParsedArguments } from '../args.ts';
import { graphPicture } from '../graph-svg.ts';
import { joinEdges, renderDot, renderMermaid, renderRail, shownTasks } from '../graph-text.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { openInput, type Input } from '../input.ts';
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
  const picture = render(input.value, format, document);
  const target = lastValue(parsed, 'output');
  if (target === undefined) return { status: 'ok', diagnostics, sources, text: picture, document };
  const file = path.resolve(host.cwd, target);
  const problem = writeOutput(file, picture, target);
  if (problem !== undefined) return problem;
  return { status: 'ok', diagnostics, sources, text: `${target}\n`, document: { ...document, written: file } };
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
  return known[path.extname(file)];
}

function render(input: Input, format: string, document: Readonly<Record<string, unknown>>): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(document, null, 2)}\n`;
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
    edges: joinEdges(input.bundle.edges).map(({ from, to, kind, assumed, labels }) => ({
      from,
      to,
      kind,
      assumed,
      carries: labels,
    })),
  };
}
