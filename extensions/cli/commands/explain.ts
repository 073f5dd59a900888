import type { Access, Edge, Task } from '../../../compiler/bundle/format.ts';
import type { ParsedArguments } from '../args.ts';
import { describeResource, shownTasks } from '../graph-text.ts';
import type { CommandResult, Host } from '../host.ts';
import { findTask, openInput, type Input } from '../input.ts';
import { renderTable } from '../render.ts';

/** `cellwright explain NB [CELL]`: what the compiler knows of each cell, with the words of the source as reasons. */
export async function explainCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const input = await openInput(host, parsed);
  if (!input.ok) return input.result;
  const word = parsed.positionals[1];
  let tasks: readonly Task[] = shownTasks(input.value.bundle);
  if (word !== undefined) {
    const found = findTask(input.value.bundle, word);
    if (!found.ok) return found.result;
    tasks = [found.value];
  }
  const { diagnostics, sources, bundle, path } = input.value;
  return {
    status: 'ok',
    diagnostics,
    sources,
    text: tasks.map((task) => explainTask(input.value, task)).join('\n'),
    document: {
      notebook: path,
      tasks: tasks.map((task) => ({
        id: task.id,
        name: task.name,
        index: task.index,
        executionCount: task.executionCount,
        accesses: task.accesses,
        exposes: task.exposes,
        preload: task.preload,
        directives: task.directives,
        needs: bundle.edges.filter((edge) => edge.to === task.id),
        neededBy: bundle.edges.filter((edge) => edge.from === task.id),
      })),
    },
  };
}

function explainTask({ bundle }: Input, task: Task): string {
  const names = new Map(bundle.tasks.map((other) => [other.id, other]));
  const label = (id: string): string => {
    const other = names.get(id);
    return other === undefined ? id : `[${other.executionCount}] ${other.name}`;
  };
  const lines = [`[${task.executionCount}] ${task.name}\n`];
  const section = (title: string, rows: readonly (readonly string[])[]): void => {
    if (rows.length === 0) return;
    const table = renderTable(rows)
      .split('\n')
      .map((row) => (row === '' ? '' : `    ${row}`))
      .join('\n');
    lines.push(`  ${title}\n${table}`);
  };
  for (const [access, title] of [
    ['read', 'reads'],
    ['bind', 'binds'],
    ['mutate', 'changes'],
    ['delete', 'deletes'],
  ] as const) {
    section(title, joinAccesses(task.accesses.filter((entry) => entry.access === access)));
  }
  const row = (edge: Edge, other: string): readonly string[] => [
    label(other),
    describeResource(edge.resource),
    `${edge.reason}${edge.assumed ? ' (assumed)' : ''}`,
  ];
  section(
    'needs',
    bundle.edges.filter((edge) => edge.to === task.id).map((edge) => row(edge, edge.from)),
  );
  section(
    'is needed by',
    bundle.edges.filter((edge) => edge.from === task.id).map((edge) => row(edge, edge.to)),
  );
  if (task.exposes === '*') lines.push('  keeps every variable, because later cells may read any\n');
  return lines.join('');
}

/** One row for each resource, with every line that uses it. */
function joinAccesses(accesses: readonly Access[]): readonly (readonly string[])[] {
  const rows = new Map<string, { lines: Set<number>; access: Access }>();
  for (const access of accesses) {
    const key = describeResource(access.resource);
    const known = rows.get(key) ?? { lines: new Set<number>(), access };
    known.lines.add(access.range.start.line + 1);
    rows.set(key, known);
  }
  return [...rows].map(([name, { lines, access }]) => {
    const how = access.assumed ? 'assumed' : access.certainty === 'may' ? 'perhaps' : '';
    return [name, `line ${[...lines].sort((left, right) => left - right).join(', ')}`, how, access.reason];
  });
}
