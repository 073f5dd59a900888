import type { Bundle } from '../compiler/bundle/format.ts';
import { findCached, identityOf, type Around, type Miss } from './cache.ts';
import { findLane, laneUnit } from './lane-cache.ts';
import { runtimeOf } from './languages/registry.ts';
import { startOfNothing } from './start-state.ts';
import { loadDigests } from './store/digests.ts';
import { openLocalStore } from './store/local.ts';
import type { Progress } from './versions.ts';
import { whyOneProcess } from '../compiler/bundle/one-process.ts';
import type { RunOptions } from './run-bundle.ts';

/** What a run would do with one task. */
export interface TaskPlan {
  readonly task: string;
  readonly name: string;
  readonly plan: 'cached' | 'run' | 'unknown';
  readonly miss?: Miss;
}

/** What would run and what is cached; a task after one that must run is unknown until that has run. */
export function status(
  bundle: Bundle,
  options: Pick<RunOptions, 'state' | 'cwd' | 'python' | 'kernel' | 'lock' | 'environment' | 'until'>,
): readonly TaskPlan[] {
  const language = runtimeOf(bundle.notebook.language);
  const interpreter = language.findInterpreter({
    python: options.python,
    kernel: options.kernel ?? bundle.notebook.kernelName,
    environment: options.environment,
    cwd: options.cwd,
    lock: options.lock,
  });
  const store = openLocalStore(options.state);
  loadDigests(store);
  const variables = { ...options.environment, ...interpreter?.environment };
  const { environment, packages } =
    interpreter === undefined
      ? startOfNothing(store)
      : language.describeStart(store, { interpreter, cwd: options.cwd, variables });
  const around = { store, environment, packages, variables };
  const lane = planLane(bundle, around, options.until ?? Number.MAX_SAFE_INTEGER);
  if (lane !== undefined) return lane;
  const progress: Progress[] = bundle.tasks.map((task) => ({ task, result: undefined }));
  const plans: TaskPlan[] = [];
  const unsettled = new Set<string>();
  bundle.tasks.forEach((task, index) => {
    if (task.executionCount === 0) return;
    const found = findCached(around, progress, index);
    const waits = bundle.edges.some((edge) => edge.to === task.id && unsettled.has(edge.from));
    const own = progress[index];
    if ('entry' in found && own !== undefined) {
      own.result = found.entry.result;
      own.identity = identityOf(task, found.entry);
      plans.push({ task: task.id, name: task.name, plan: waits ? 'unknown' : 'cached' });
    } else {
      unsettled.add(task.id);
      plans.push({
        task: task.id,
        name: task.name,
        plan: waits ? 'unknown' : 'run',
        ...('miss' in found ? { miss: found.miss } : {}),
      });
    }
  });
  return plans;
}

/** All cells in one process are reused together or not at all; undefined when the next run tries them one by one. */
function planLane(bundle: Bundle, around: Around, until: number): readonly TaskPlan[] | undefined {
  const unit = laneUnit(bundle, until);
  if (unit === undefined) return undefined;
  const found = findLane(around, unit);
  if ('miss' in found && whyOneProcess(bundle) === undefined) return undefined;
  const plan = 'miss' in found ? ({ plan: 'run', miss: found.miss } as const) : ({ plan: 'cached' } as const);
  return unit.cells.map(({ id, name }) => ({ task: id, name, ...plan }));
}
