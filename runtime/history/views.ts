/** What can be asked of runs and of their records. */

export { formatBytes, shortDigest } from './amounts.ts';
export {
  compareRecords,
  type CellChange,
  type LoggedRun,
  type RecordChange,
  type RecordComparison,
} from './compare-records.ts';
export { renderComparison } from '../report/comparison-html.ts';
export { type Lineage, type LineageNode } from './lineage/graph.ts';
export { isRecorded, traceLineage, type Traced, type Ways } from './lineage/trace.ts';
export { isPinned, pinRun, retainedRuns, type KeptBecause, type Retention } from './retention.ts';
export { openLineageEvents, type LineageEvent } from '../export/open-lineage.ts';
export { describeCrate, describeCrateForPeople } from '../export/ro-crate.ts';
export { summariseRun, type RunSummary } from './summary.ts';
export { dataOf, requestsOf, type DataUse, type RequestUse } from './data.ts';
export { compareWithNow } from './changed-data.ts';
export { frozenSchema, frozenVersion, type Frozen } from '../frozen/format.ts';
export { changedSince, freezeNow, freezeRun, type NotebookPlace } from '../frozen/freeze.ts';
export { compareFrozen, type Thawed } from '../frozen/compare.ts';
export { readFrozen, writeFrozen } from '../frozen/read.ts';
export type { Origin, Variant } from './origin.ts';
export type { Observation, RecordedFile } from './observation.ts';
export { findRuns, isGoingOn, listRuns, listRunsOf, readRun, readRuns, runFolder, type KeptRun } from './read-runs.ts';
export type { RecordedRun, RecordedTask } from './recorded-run.ts';
export type { SourceControl } from './source-control.ts';
export { EarlierRuns } from './earlier-runs.ts';
export { readHistory, type ReportHistory } from '../report/report-history.ts';
export { renderReport, type ReportInput } from '../report/html.ts';
export { compareRuns, type CellVerdict, type ExecutedNotebook } from '../verify/compare.ts';
export { judgeRuns, runPlainly, type PlainRun, type VerifiedTask } from '../verify/verify.ts';
export { checkRun, type Checked, type CheckedCell } from '../certificate/check.ts';
export type { Cause } from '../certificate/cause.ts';
export { type EnvironmentDescription } from '../certificate/environment.ts';
export { gatherFacts, type Witness } from '../certificate/facts.ts';
export type { Certificate, Facts, RecordedValue } from '../certificate/format.ts';
export { digestOfFacts, readCertificate, writeCertificate } from '../certificate/read.ts';
export { certificateSchema } from '../certificate/schema.ts';
export { foldOutputs, type NotebookOutput } from '../report/outputs.ts';
