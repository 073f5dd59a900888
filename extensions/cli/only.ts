import type { Bundle } from '../../compiler/bundle/format.ts';
import type { TaskPlan } from '../../runtime/index.ts';
import { usage, type CommandResult } from './host.ts';

/** What `--only` lacks: the cells that this one needs, directly or not, whose results are not in the cache. */
export function findMissing(
  bundle: Bundle,
  index: number,
  plans: readonly TaskPlan[],
  shown: string,
): CommandResult | undefined {
  const wanted = bundle.tasks[index];
  if (wanted === undefined) return undefined;
  const needed = new Set([wanted.id]);
  // Edges lead forward, so one pass from the cell to the top finds them all.
  for (const task of bundle.tasks.slice(0, index + 1).reverse()) {
    if (!needed.has(task.id)) continue;
    for (const edge of bundle.edges) if (edge.to === task.id && !edge.assumed) needed.add(edge.from);
  }
  needed.delete(wanted.id);
  const missing = bundle.tasks.filter(
    (task) => needed.has(task.id) && plans.some((plan) => plan.task === task.id && plan.plan !== 'cached'),
  );
  if (missing.length === 0) return undefined;
  const names = missing.map((task) => `[${task.executionCount}] ${task.name}`);
  const listed = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  const help = `Run them first: cellwright run ${shown} --until ${wanted.executionCount}`;
  return usage(
    `[${wanted.executionCount}] ${wanted.name} needs the results of ${listed}, which are not in the cache.`,
    help,
  );
}
