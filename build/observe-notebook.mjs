/**
 * Runs a notebook so that what is observed owes nothing to what was predicted: the bundle has no edge and no expected read, one task
 * runs at a time, in order. Each name counts as read only when the cell asks for it.
 */
import path from 'node:path';

/** The bundle without its predictions. What cannot be observed (`preload`, names that `del` removes) stays, or the cell could not run. */
export function withoutPredictions(bundle) {
  const isKept = ({ resource, access }) => resource.kind !== 'variable' || access === 'delete';
  const tasks = bundle.tasks.map((task) => ({ ...task, accesses: task.accesses.filter(isKept) }));
  return { ...bundle, edges: [], tasks };
}

/** What one task did, as far as it is compared; undefined when it has no observations of its own. */
function observationOf({ result, seconds }, isFused) {
  if (result === undefined) return undefined;
  return {
    status: result.status,
    seconds,
    isFused,
    reads: result.reads,
    writes: Object.fromEntries(
      // Names with the same object share something that can change.
      Object.entries(result.writes).map(([name, { how, same, ref }]) => [name, { how, same, object: ref.object }]),
    ),
    unsaved: result.unsaved,
    held: Object.keys(result.held),
    deletes: result.deletes,
    filesRead: [...new Set(result.filesRead.map((file) => file.path))],
    filesWritten: result.filesWritten,
    outside: result.outside,
  };
}

/**
 * Observes a notebook, cell by cell. A notebook that ends in one process for all its cells because one raised is observed up to that cell.
 * @param context `run` of the runtime, `file`, its `bundle` and `document`, `dist`, `python`, an empty folder `state`, `seconds`
 * @returns the tasks' observations by their place in the bundle, and `oneProcess`, why there are none
 */
export async function observeNotebook(context) {
  // What the second run takes from the cache ran in the process of another task if it did in the first.
  const fused = new Set();
  const first = await observeOnce(context, fused, undefined);
  if (!first.record.lane) return first.observed;
  const failed = first.record.tasks.findIndex(({ status }) => status === 'failed');
  if (failed <= 0) return { oneProcess: true, tasks: [] };
  const upToIt = await observeOnce(context, fused, failed - 1);
  return upToIt.record.lane ? { oneProcess: true, tasks: [] } : upToIt.observed;
}

async function observeOnce({ run, file, bundle, document, dist, python, state, seconds }, fused, until) {
  const record = await run(withoutPredictions(bundle), document, {
    worker: path.join(dist, 'python', 'worker.py'),
    cwd: path.dirname(file),
    state,
    python,
    jobs: 1,
    cache: true,
    force: false,
    keepGoing: false,
    until,
    startMethod: 'fork',
    lane: false,
    standBy: 0,
    environment: { ...process.env, PYTHONHASHSEED: '0', MPLBACKEND: undefined },
    signal: AbortSignal.timeout(seconds * 1000),
    onEvent: (event) => {
      if (event.type === 'task-fused') fused.add(event.task);
    },
  });
  const tasks = record.tasks.map((outcome) => observationOf(outcome, fused.has(outcome.task.id)));
  return { record, observed: { oneProcess: false, tasks } };
}
