import type { Placement, Task } from '../bundle/format.ts';

/** What a step asks an engine for: its cells run one after the other in one process. */
export interface StepPlacement extends Placement {
  /** Seconds that its cells may take together, when each has a limit. */
  readonly timeout?: number;
}

/**
 * Joins what the cells of a step ask for. What an earlier one holds is still there while a later one runs, so their memory adds up.
 * @param acts true when it does to the outside what a further try would do again: an engine is not asked for one
 */
export function placementOf(tasks: readonly Task[], acts: boolean): StepPlacement {
  const all = tasks.map(({ directives }) => directives);
  const most = (name: 'cpu' | 'gpu' | 'retries'): number | undefined => {
    const found = all.flatMap((one) => one[name] ?? []);
    return found.length === 0 ? undefined : Math.max(...found);
  };
  const sum = (name: 'mem' | 'timeout'): number | undefined => {
    const found = all.flatMap((one) => one[name] ?? []);
    // A limit of time is one of all cells together only when each has one.
    const counts = name === 'mem' ? found.length > 0 : found.length === all.length;
    return counts ? found.reduce((total, one) => total + one, 0) : undefined;
  };
  const env = Object.assign({}, ...all.map((one) => one.env ?? {})) as Readonly<Record<string, string>>;
  const images = [...new Set(all.flatMap((one) => one.image ?? []))];
  return defined({
    timeout: sum('timeout'),
    cpu: most('cpu'),
    mem: sum('mem'),
    gpu: most('gpu'),
    retries: acts ? undefined : most('retries'),
    image: images.length === 1 ? images[0] : undefined,
    env: Object.keys(env).length === 0 ? undefined : env,
  });
}

function defined(values: { readonly [K in keyof StepPlacement]: StepPlacement[K] | undefined }): StepPlacement {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
