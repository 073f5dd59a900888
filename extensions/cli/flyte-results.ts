import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';

/** How a step of a run on Flyte ended: in this run, or in an earlier one whose result Flyte's cache has served. */
export interface StepRun {
  readonly step: string;
  readonly status: string;
  readonly exitCode: number;
  readonly isFresh: boolean;
  readonly report: string | null;
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Why it did not end well. */
  readonly why: string;
}

/** As the tasks write it, each into a file of its own. */
interface WrittenResult {
  readonly step: string;
  readonly status: string;
  readonly exitCode: number;
  readonly run: string;
  readonly cacheKey: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly manifest: string | null;
  readonly report: string | null;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly why: string;
}

/** What is known of a run. */
export interface ResultsOf {
  readonly folder: string;
  readonly run: string;
  readonly plan: EnginePlan;
  /** True when the workflow ended well, so that every step ran or was served. */
  readonly isWhole: boolean;
}

/**
 * The steps that ran, and those before the first that failed which were served from the cache, as far as their results are known here: Flyte runs
 * them in the order of the plan, so an earlier step that did not run was served.
 */
export function readResults({ folder, run, plan, isWhole }: ResultsOf): readonly StepRun[] {
  const manifests = new Map<string, string>();
  const found: StepRun[] = [];
  const written = plan.steps.map(({ name }) => readResult(path.join(folder, `${name}.json`)));
  const last = written.findLastIndex((result) => result?.run === run);
  for (const [place, result] of written.entries()) {
    const step = plan.steps[place];
    if (result === undefined || step === undefined || (place > last && !isWhole)) continue;
    const isFresh = result.run === run;
    const isSame = result.cacheKey === step.cacheKey && fits(result.inputs, manifests);
    const isServed = result.exitCode === 0 && isSame && (step.parameters.length === 0 || isWhole);
    if (!isFresh && !isServed) continue;
    if (result.manifest !== null) manifests.set(result.step, result.manifest);
    found.push({ ...result, isFresh });
  }
  return found;
}

/** True when it was made from the results of this run. */
function fits(inputs: Readonly<Record<string, string>>, manifests: ReadonlyMap<string, string>): boolean {
  return Object.entries(inputs).every(([name, reference]) => manifests.get(name) === reference);
}

function readResult(file: string): WrittenResult | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as WrittenResult) : undefined;
}

/** Where tasks keep what they give when nothing else is said, as `cellwright_flyte` has it. */
export function flyteStore(environment: Readonly<Record<string, string | undefined>>): string {
  const own = path.join(environment['HOME'] ?? homedir(), '.flyte', 'cellwright');
  return environment['CELLWRIGHT_STORE'] ?? own;
}

/** Where the parts of an executed notebook are. */
export interface Collection {
  readonly python: string;
  readonly folder: string;
  readonly steps: readonly StepRun[];
  readonly executed: string;
  readonly store: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The executed notebook of a run that did not come to its end. */
export function collectNotebook({ python, folder, steps, executed, store, environment }: Collection): void {
  const bundle = path.join(folder, 'project', 'bundle');
  const reports = steps.flatMap(({ report }) => (report === null ? [] : ['--report', report]));
  const words = ['collect', '--bundle', bundle, '--store', store, '--output', executed, ...reports];
  const done = spawnSync(python, [path.join(bundle, 'worker', 'task.py'), ...words], {
    ...{ encoding: 'utf8', env: environment },
  });
  if (done.status !== 0) writeFileSync(path.join(folder, 'collect.log'), done.stderr);
}
