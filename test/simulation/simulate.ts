import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { Alone } from '../../runtime/crew.ts';
import type { RunEvent } from '../../runtime/event.ts';
import { Gates } from '../../runtime/measures/gates.ts';
import { PackageAnswers } from '../../runtime/process/reached-packages.ts';
import { ProfileNotes, readProfile } from '../../runtime/profile.ts';
import { roomHere } from '../../runtime/room.ts';
import { Run } from '../../runtime/run.ts';
import type { RunOutcome } from '../../runtime/run-state.ts';
import { Secrets } from '../../runtime/secrets.ts';
import { openLocalStore, type LocalStore } from '../../runtime/store/local.ts';
import { contentMadeBy, FakeWorkers, type ClusterCounts } from './fake-workers.ts';
import { readsOf, simulatedNotebook, variableAt } from './simulated-notebook.ts';
import { VirtualTime } from './virtual-time.ts';

/** A simulated run: the real scheduler, and workers that only compute digests. */
export interface SimulationOptions {
  readonly tasks: number;
  readonly workers: number;
  /** Of an attempt: that its process dies. */
  readonly failures: number;
  readonly retries: number;
  readonly seed: number;
  /** True: results are remembered, a file for each task, and looked for. */
  readonly cache: boolean;
}

/** What was seen of it. */
export interface Simulated {
  readonly outcome: RunOutcome;
  readonly counts: ClusterCounts;
  /** Events of the run by their type. */
  readonly events: ReadonlyMap<string, number>;
  /** Seconds of virtual time from the first to the last cell. */
  readonly makespan: number;
  /** Seconds of this machine's processor. */
  readonly cpu: number;
  /** Bytes of the heap, at most, as far as it was looked at. */
  readonly memory: number;
  /** Variables whose content is not what a run in order gives. */
  readonly wrong: readonly string[];
}

/** Runs it to its end. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { tasks, workers, retries, seed, failures } = options;
  const bundle = simulatedNotebook({ tasks, width: 2 * workers, retries, seed });
  const time = new VirtualTime();
  const byId = new Map(bundle.tasks.map((task) => [task.id, task]));
  const fake = new FakeWorkers({ time, tasks: byId, failures, meanSeconds: 30, stragglers: 100, seed });
  const root = mkdtempSync(join(tmpdir(), 'cellwright-simulation-'));
  const events = new Map<string, number>();
  try {
    const context = contextOf(bundle, openLocalStore(root), { ...options, fake, events });
    const before = process.cpuUsage();
    const running = new Run(context).execute();
    let memory = 0;
    const state = { isOver: false };
    const over = running.finally(() => {
      state.isOver = true;
    });
    for (let step = 0; !state.isOver; step++) {
      // What the scheduler does meanwhile comes first.
      await new Promise(setImmediate);
      if (step % 100 === 0) memory = Math.max(memory, process.memoryUsage().heapUsed);
      time.step();
    }
    const outcome = await over;
    const { user, system } = process.cpuUsage(before);
    const cpu = (user + system) / 1e6;
    const wrong = differences(bundle, outcome);
    return { outcome, counts: fake.counts, events, makespan: time.now, cpu, memory, wrong };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Surroundings = SimulationOptions & { readonly fake: FakeWorkers; readonly events: Map<string, number> };

function contextOf(
  bundle: Bundle,
  store: LocalStore,
  { cache, workers, fake, events }: Surroundings,
): ConstructorParameters<typeof Run>[0] {
  const profile = readProfile(store);
  const onEvent = ({ type }: RunEvent): void => {
    events.set(type, (events.get(type) ?? 0) + 1);
  };
  return {
    bundle,
    cells: bundle.tasks.map(({ executionCount, source, code }) => [executionCount, source, code]),
    id: 'simulated',
    store,
    profile,
    notes: new ProfileNotes(profile, bundle),
    journal: join(store.root, 'effects'),
    environment: 'simulated',
    packages: new PackageAnswers(store, { whole: '', folders: [] }),
    variables: {},
    secrets: new Secrets([], {}),
    useCache: cache,
    readCache: cache,
    keepGoing: false,
    lane: undefined,
    isLaneAsked: false,
    executable: '',
    until: Number.MAX_SAFE_INTEGER,
    signal: undefined,
    disorder: undefined,
    crew: new Alone(roomHere(workers), () => Promise.resolve(fake)),
    isHome: () => true,
    shelves: new Map(),
    isVariant: false,
    onEvent,
    gates: new Gates({ judges: true, previous: () => undefined, onEvent }),
  };
}

/** What a run in order would have given, compared with what this one gave. */
function differences({ tasks }: Bundle, outcome: RunOutcome): readonly string[] {
  const right: Record<string, string> = {};
  return tasks.flatMap((task, place) => {
    const name = variableAt(place);
    const reads = Object.fromEntries(readsOf(task).map((read) => [read, right[read] ?? 'absent']));
    const content = contentMadeBy(task, reads);
    right[name] = content;
    return outcome.tasks[place]?.result?.writes[name]?.ref.content === content ? [] : [name];
  });
}
