/** What the other rooms may know of the record of a run. */
export type { Observation, RecordedFile } from './observation.ts';
export type { RecordedRun, RecordedTask } from './recorded-run.ts';
export type { SourceControl } from './source-control.ts';
