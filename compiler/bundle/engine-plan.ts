import type { Digest, Placement } from './format.ts';
import { placement, record, type Schema } from './schema.ts';

/** The version of `plan.json`; a reader refuses any other. */
export const planVersion = 1;

/**
 * One executed cell, and all that it may do. A step fails as soon as one of its cells does anything else, so that the others can rely on it.
 * Names are those of the worker: variables, `def:TASK:NAME`, `state:NAME`, `slot:MODULE:ATTRIBUTE`, and `shown:VARIABLE` for a variable whose value
 * the cell gives as its result. `*` stands for every name.
 */
export interface PlannedCell {
  /** Id of its task in the bundle. */
  readonly task: string;
  /** Name of its task. */
  readonly name: string;
  readonly step: string;
  /** True when a run has seen what this cell does; false: it is what its text allows. */
  readonly observed: boolean;
  readonly writes: readonly string[];
  readonly files: {
    /** From the notebook's folder. */
    readonly reads: readonly string[];
    readonly writes: readonly string[];
    /** True when it writes files that are far from the notebook. */
    readonly elsewhere: boolean;
  };
  /** How it may act on the outside: `file-write`, `subprocess`, `network` …; `unknown` for in any way. */
  readonly outside: readonly string[];
  /** Names whose values cannot leave its process. */
  readonly held: readonly string[];
}

/** What one process of an engine runs, from start to end. */
export interface PlanStep {
  /** Unique; that of the task of its first cell. */
  readonly name: string;
  /** Ids of its tasks, in notebook order. */
  readonly tasks: readonly string[];
  /** Names of the steps whose manifests it is given, all of which come first in `steps`. */
  readonly needs: readonly string[];
  /** Why its cells share a process; empty for a single cell. */
  readonly together: string;
  /** True: it is the whole notebook, and its cells run as in a kernel, with nothing stored between them. */
  readonly whole: boolean;
  /** Names that it is expected to read, and the steps that may have written them. */
  readonly reads: readonly { readonly name: string; readonly from: readonly string[] }[];
  /** True when one of its cells may act on the outside in more ways than writing files that are listed. */
  readonly acts: boolean;
  /** True when one of its cells is a gate. */
  readonly gate: boolean;
  /** Names of the parameters that a `--parameters` file may set in it. */
  readonly parameters: readonly string[];
  /** Environment variables with secrets that it takes, or may be given values of. */
  readonly secrets: readonly string[];
  /** For the caches of engines, together with the references of its inputs: its code, and all in this plan that its checks compare with. */
  readonly cacheKey: Digest;
  /** What its cells ask for together, in the units of their directives. */
  readonly resources: Placement & {
    /** Seconds that its cells may take together, when each has a limit. */
    readonly timeout?: number;
  };
}

/** A bundle as a graph of processes that is fixed before anything runs, for engines that cannot take a result back. */
export interface EnginePlan {
  readonly formatVersion: typeof planVersion;
  /** Digest of the bundle that it was made from. */
  readonly bundle: Digest;
  /** In an order in which they can run one after the other. */
  readonly steps: readonly PlanStep[];
  /** In notebook order. */
  readonly cells: readonly PlannedCell[];
}

const text: Schema = { type: 'string' };
const flag: Schema = { type: 'boolean' };
const names: Schema = { type: 'array', items: text };
const digest: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' };

/** The published schema of `plan.json`. */
export const planSchema: Schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:cellwright:plan:1',
  title: 'Cellwright engine plan, format version 1',
  description: 'A compiled notebook as a fixed graph of processes, and all that each of its cells may do.',
  ...record({
    formatVersion: { const: planVersion },
    bundle: digest,
    steps: {
      type: 'array',
      items: record({
        name: text,
        tasks: names,
        needs: names,
        together: text,
        whole: flag,
        reads: { type: 'array', items: record({ name: text, from: names }) },
        acts: flag,
        gate: flag,
        parameters: names,
        secrets: names,
        cacheKey: digest,
        resources: record({}, { timeout: { type: 'number', exclusiveMinimum: 0 }, ...placement }),
      }),
    },
    cells: {
      type: 'array',
      items: record({
        task: text,
        name: text,
        step: text,
        observed: flag,
        writes: names,
        files: record({ reads: names, writes: names, elsewhere: flag }),
        outside: names,
        held: names,
      }),
    },
  }),
};
