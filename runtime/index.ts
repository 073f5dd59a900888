export type { Disorder } from './disorder.ts';
export type { RunEvent, TaskStatus } from './event.ts';
export type { TaskOutcome } from './run-state.ts';
export type { RunRecord } from './record.ts';
export { learnedWaits, readLastRun, readObservedEffects } from './observed.ts';
export * from './history/views.ts';
export { memoryAsDirective, suggestPlaces, type PlaceSuggestion } from './history/suggest-places.ts';
export { describeShared, type SharedValue } from './ladder.ts';
export { updateProfile, type ProfileUpdate } from './profile-update.ts';
export { directionOf, type Direction } from './measures/direction.ts';
export { metricNames, pointsOf, readMetricRun, readMetricRuns, type MetricRun } from './measures/metric-runs.ts';
export { logRun, type TrackedRun } from './mlflow/log-run.ts';
export { ServerProblem, TrackingServer } from './mlflow/server.ts';
export { compareMetric, isRegression, type Compared, type Tolerance } from './measures/regression.ts';
export { sparkline } from './measures/sparkline.ts';
export { metricsPage } from './report/metrics-html.ts';
export { renderVariants, type ShownVariant, type VariantsPage } from './report/variants-html.ts';
export { asNumber, showMeasure } from './measures/formula.ts';
export { describeVerdict, type GateVerdict } from './measures/verdict.ts';
export type { Measure } from './process/protocol.ts';
export {
  runVariants,
  type VariantNotebook,
  type VariantRecord,
  type VariantsOutcome,
} from './variants/run-variants.ts';
export { reachOf, shelvesOf } from './variants/reach.ts';
export { secretNames, Secrets, shortestSecret } from './secrets.ts';
export { buildEnvironment, findBuilt, type BuiltEnvironment, type EnvironmentOrder } from './environment/build.ts';
export { askHashes, resolveRequirements } from './environment/hashes.ts';
export { versionOf } from './environment/python.ts';
export { findRequirements, type ImportPlace, type Requirements } from './environment/requirements.ts';
export { callUv, findUv, reasonOf, type Uv } from './environment/uv.ts';
export { engineKinds, type EngineAsked, type StoreAsked } from './hosts/engine.ts';
export {
  listed,
  type ComparedLock,
  type ListedModule,
  type LockQuestion,
  type LockText,
  type MadeLock,
  type ModuleLocks,
  type NamedImport,
} from './languages/module-locks.ts';
export { namedImports } from './languages/named-imports.ts';
export { runtimeOf as languageOfNotebook } from './languages/registry.ts';
export { findInterpreter } from './process/interpreter.ts';
export { readDocument, writeAtomically } from './store/local.ts';
export * from './reuse/doors.ts';
export { addUp, cleanState, type Cleaned } from './store/sweep.ts';
export { status, type TaskPlan } from './plan.ts';
export { defaultState, endStandBy, newRunId, run, statesFolder, type RunOptions } from './run-bundle.ts';
export { ShownReader } from './shown-outputs.ts';
export { interruptOwner, ownershipOf } from './store/owner.ts';
