import type { ParentOptions } from '../process/worker-parent.ts';
import { settingsForWorkers } from '../process/worker-parent.ts';
import type { EngineAsked } from './engine.ts';

/** What all hosts of a run are started with. */
export interface HostsAround {
  readonly token: string;
  /** Where the driver is. */
  readonly at: readonly [string, number];
  readonly parent: ParentOptions;
  readonly engine: EngineAsked;
}

/** Seconds for which a host asks a store again that does not answer. */
const storePatience = 300;

/**
 * The line of JSON that a host gets; see `cellwright_host/main.py`.
 * @param home its name when it is on this machine; undefined: whoever starts it adds a name and a node
 */
export function hostConfiguration({ token, at, parent, engine }: HostsAround, home: string | undefined): object {
  const { interpreter, cwd, start, cells, journal, store } = parent;
  const isHome = home !== undefined;
  const all = { ...settingsForWorkers, ...parent.environment, ...interpreter.environment, PYTHONHASHSEED: '0' };
  // What is secret stays on this machine: tasks that ask for it run here.
  const hidden = isHome ? new Set<string>() : new Set(parent.secrets);
  const environment = Object.fromEntries(Object.entries(all).filter(([name]) => !hidden.has(name)));
  return {
    address: at,
    token,
    ...(isHome && { name: home, node: '' }),
    run: token.slice(0, 12),
    store: storeOf(engine, isHome),
    patience: storePatience,
    objects: isHome ? store : null,
    parent: {
      executable: interpreter.executable,
      environment,
      token,
      cwd,
      start,
      cells,
      journal: isHome ? journal : null,
      hidden: Object.keys(settingsForWorkers).filter((name) => parent.environment[name] === undefined),
      secrets: isHome ? parent.secrets : [],
    },
  };
}

function storeOf({ store }: EngineAsked, isHome: boolean): object {
  if (store !== undefined) return store;
  return { kind: isHome ? 'own' : 'driver' };
}
