import type { Access, Bundle, Edge, Task } from '../../../compiler/bundle/format.ts';
import { learnedWaits, readLastRun, type RecordedRun } from '../../../runtime/index.ts';
import type { ParsedArguments } from '../args.ts';
import { describeResource } from '../../ui/graph-edges.ts';
import { shownTasks } from '../graph-text.ts';
import type { CommandResult, Host } from '../host.ts';
import { findTask, openInput } from '../input.ts';
import { describeLadder, describeObserved, ladderOf, observedLines, stepOf } from '../observed.ts';
import { renderTable } from '../render.ts';
import { stateOf } from '../state-folder.ts';

/** What is known of a notebook: by its text, and by its last run. */
interface Known {
  readonly bundle: Bundle;
  readonly last: RecordedRun | undefined;
  /** Pairs of tasks, by id: the second reads what the first changed, as earlier runs saw. */
  readonly learned: readonly (readonly [string, string])[];
}

/** `cellwright explain NB [CELL]`: what the compiler knows of each cell, with the words of the source as reasons, and what the last run saw. */
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
  const state = stateOf(host, parsed, input.value);
  const last = readLastRun(state);
  const known = { bundle, last, learned: last === undefined ? [] : learnedWaits(state, bundle) };
  const shown = new Set(tasks.map(({ id }) => id));
  return {
    status: 'ok',
    diagnostics:
      word === undefined ? diagnostics : diagnostics.filter(({ location }) => shown.has(location?.cell ?? '')),
    sources,
    text: [
      ...(word === undefined && last !== undefined ? [describeLadder(last)] : []),
      ...tasks.map((task) => explainTask(known, task)),
    ].join('\n'),
    document: {
      notebook: path,
      lastRun: last?.id ?? null,
      ladder: last === undefined ? null : ladderOf(last),
      tasks: tasks.map((task) => ({
        id: task.id,
        name: task.name,
        index: task.index,
        executionCount: task.executionCount,
        accesses: task.accesses,
        exposes: task.exposes,
        preload: task.preload,
        directives: task.directives,
        unobserved: task.unobserved ?? [],
        profile: task.profile ?? null,
        claims: (bundle.claims ?? []).filter((edge) => edge.to === task.id),
        needs: bundle.edges.filter((edge) => edge.to === task.id),
        neededBy: bundle.edges.filter((edge) => edge.from === task.id),
        learned: known.learned.filter(([, reader]) => reader === task.id).map(([writer]) => writer),
        step: (last === undefined ? undefined : stepOf(last, last.tasks.get(task.id))) ?? null,
        ...describeObserved(last?.tasks.get(task.id)),
      })),
    },
  };
}

function explainTask(known: Known, task: Task): string {
  const { bundle, last } = known;
  const lines = [`[${task.executionCount}] ${task.name}\n`];
  const section = (title: string, rows: readonly (readonly string[])[]): void => {
    if (rows.length === 0) return;
    const table = renderTable(rows)
      .split('\n')
      .map((row) => (row === '' ? '' : `    ${row}`))
      .join('\n');
    lines.push(`  ${title}\n${table}`);
  };
  const inside = task.accesses.filter(({ resource }) => resource.kind !== 'outside');
  for (const [access, title] of [
    ['read', 'reads'],
    ['bind', 'binds'],
    ['mutate', 'changes'],
    ['delete', 'deletes'],
  ] as const) {
    section(title, joinAccesses(inside.filter((entry) => entry.access === access)));
  }
  section('does not, as far as runs have seen', joinAccesses(task.unobserved ?? []));
  const outside = task.accesses.filter(({ resource }) => resource.kind === 'outside');
  section('starts only when every earlier cell is done, because of', joinAccesses(outside));
  const names = new Map(bundle.tasks.map((other) => [other.id, `[${other.executionCount}] ${other.name}`]));
  section('needs', [
    ...bundle.edges.filter((edge) => edge.to === task.id).map((edge) => edgeRow(edge, names.get(edge.from))),
    ...known.learned
      .filter(([, reader]) => reader === task.id)
      .map(([writer]) => [
        names.get(writer) ?? writer,
        'observed',
        '',
        'an earlier run saw that it reads what that one changes',
      ]),
  ]);
  section(
    'is needed by',
    bundle.edges.filter((edge) => edge.from === task.id).map((edge) => edgeRow(edge, names.get(edge.to))),
  );
  section(
    'would need, by its text alone',
    (bundle.claims ?? []).filter((edge) => edge.to === task.id).map((edge) => edgeRow(edge, names.get(edge.from))),
  );
  if (task.profile === 'used') lines.push('  the effects profile tells what runs observed of it\n');
  if (task.profile === 'outdated')
    lines.push('  the effects profile tells of it what no longer counts: a cell that it rests on has changed\n');
  if (task.preload === '*') lines.push('  every variable is at hand for it, because what it reads cannot be told\n');
  if (task.exposes === '*') lines.push('  keeps every variable, because later cells may read any\n');
  const observed = last?.tasks.get(task.id);
  if (last !== undefined && observed !== undefined) {
    const found = observedLines(observed);
    if (last.lane !== undefined) found.push(`all cells ran in one process: ${last.lane}`);
    section(
      `in the last run (${last.id})`,
      found.map((line) => [line]),
    );
  }
  return lines.join('');
}

/** The other cell, what the arrow carries, the lines in the earlier and the later cell, and why. */
function edgeRow(edge: Edge, other: string | undefined): readonly string[] {
  const carried = describeResource(edge.resource);
  const reason = edge.reason.startsWith(`${carried}: `) ? edge.reason.slice(carried.length + 2) : edge.reason;
  // What only a run saw has no line.
  const line = ({ start, end }: Edge['toRange']): string =>
    start.line === end.line && start.column === end.column ? '·' : `line ${start.line + 1}`;
  const lines = `${line(edge.fromRange)} → ${line(edge.toRange)}`;
  return [other ?? '', carried, lines, `${reason}${edge.assumed ? ' (assumed)' : ''}`];
}

/** One row for each resource, with every line that uses it. */
function joinAccesses(accesses: readonly Access[]): readonly (readonly string[])[] {
  const rows = new Map<string, { lines: Set<number>; access: Access }>();
  for (const access of accesses) {
    const key = describeResource(access.resource);
    const isPlaced = access.reason !== 'observed in a run';
    const known = rows.get(key) ?? { lines: new Set<number>(), access };
    if (isPlaced) known.lines.add(access.range.start.line + 1);
    rows.set(key, known);
  }
  return [...rows].map(([name, { lines, access }]) => {
    const isOutside = access.resource.kind === 'outside';
    const how =
      access.observed === true
        ? 'observed'
        : access.assumed
          ? 'assumed'
          : access.certainty === 'may' && !isOutside
            ? 'perhaps'
            : '';
    const where = lines.size === 0 ? '' : `line ${[...lines].sort((left, right) => left - right).join(', ')}`;
    return [name, where, how, access.reason];
  });
}
