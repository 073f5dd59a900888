import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';
import type { Observation, Together } from './history/observation.ts';
import type { Origin, Runner } from './history/origin.ts';
import type { SourceControl } from './history/source-control.ts';
import type { SharedValue } from './ladder.ts';
import type { GateVerdict } from './measures/verdict.ts';
import type { Measure, Slice } from './process/protocol.ts';

/** How a task ended. */
export type TaskStatus = 'ran' | 'cached' | 'failed' | 'not-run';

/** What a run is made from, as its log begins with it. */
export interface RunStarted {
  readonly type: 'run-started';
  readonly id: string;
  /** How many cells there are to run. */
  readonly tasks: number;
  /** Digest of the bundle. */
  readonly bundle: string;
  /** Digest of the notebook as it was read, parameters included. */
  readonly notebook: string;
  readonly origin: Origin;
  readonly runner: Runner;
  /** The folder that the cells run in. */
  readonly cwd: string;
  readonly jobs: number;
}

/** What the cells run with. */
export interface EnvironmentFound {
  readonly type: 'environment';
  readonly executable: string;
  /** Of the interpreter, its packages, the folder and what the interpreter itself reads. */
  readonly digest: string;
  /** Names and versions of the installed distributions, sorted by name. */
  readonly packages: readonly InstalledPackage[];
  /** Where the interpreter looks for modules. */
  readonly folders: readonly string[];
  /** Folders that hold nothing but modules that were installed or fetched. Absent: none, or their names tell. */
  readonly caches?: readonly string[];
}

/** A distribution as the names of its folder say it, or a module of an engine that fetches them by itself. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** The digest of a module's files, where that is known besides the version. */
  readonly integrity?: string;
}

/** The language of the cells as their kernel says it, and what runs them. */
export interface LanguageFound {
  readonly type: 'language';
  readonly name: string;
  readonly version: string;
  /** Absent in logs of an earlier format, which are of Python. */
  readonly engine?: Engine;
}

/** A program that runs cells, such as `python` or `deno`. */
export interface Engine {
  readonly name: string;
  readonly version: string;
}

/** Everything shown to users is an event, and every view of a run derives from its events. */
export type RunEvent =
  | RunStarted
  | EnvironmentFound
  | LanguageFound
  | ({ readonly type: 'source-control' } & SourceControl)
  | {
      readonly type: 'task-started';
      readonly task: string;
      readonly name: string;
      readonly speculative: boolean;
      /** The other machine that it runs on. */
      readonly place?: string;
    }
  /** What people are told of the machines that tasks run on. */
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'task-dropped'; readonly task: string; readonly name: string; readonly reason: string }
  /** A try of a cell failed, and it runs again because its directive says so. */
  | {
      readonly type: 'task-retried';
      readonly task: string;
      readonly name: string;
      /** How many tries have failed, and how many there may be. */
      readonly tried: number;
      readonly tries: number;
      readonly reason: string;
    }
  | {
      readonly type: 'task-fused';
      readonly task: string;
      readonly name: string;
      readonly with: string;
      readonly reason: string;
    }
  | { readonly type: 'lane'; readonly reason: string }
  /** What all cells of one process used and wrote together: no cell of it did it alone. */
  | ({ readonly type: 'together' } & Together)
  /** Names of the installed distributions that the cells reached, with what these require; absent where all of them count. */
  | { readonly type: 'reached'; readonly packages: readonly string[] }
  /** The modules that the cells had, with what these require, where no lock said it from the start. */
  | { readonly type: 'modules'; readonly modules: readonly InstalledPackage[] }
  /** All tasks start again. */
  | { readonly type: 'restarted'; readonly reason: string }
  | {
      readonly type: 'task-finished';
      readonly task: string;
      readonly name: string;
      readonly status: TaskStatus;
      readonly seconds: number;
      readonly reason: string;
      /** Its place in the notebook, Markdown cells counted, from 0. */
      readonly index: number;
      /** The number in `In [n]`. */
      readonly number: number;
      /** Digest of its code. */
      readonly code: string;
      /** The other machine that it ran on. */
      readonly place?: string;
      /** The run whose result was used again. */
      readonly from?: string;
      /** Absent when it did not run. Of a task that was reused: what it did in that earlier run. */
      readonly observed?: Observation;
      /** What only the process of an earlier task had, when it ran in that. */
      readonly fused?: readonly SharedValue[];
    }
  /** A number that was recorded after a task; of a reused task as well. */
  | {
      readonly type: 'metric';
      readonly task: string;
      readonly name: string;
      readonly metric: string;
      readonly value: Measure;
      readonly better?: 'higher' | 'lower';
    }
  | ({ readonly type: 'slice'; readonly task: string; readonly name: string } & Slice)
  /** A gate was judged, when its task retired. */
  | ({ readonly type: 'gate'; readonly task: string; readonly name: string } & GateVerdict)
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | {
      readonly type: 'run-finished';
      readonly status: 'ok' | 'failed' | 'refused' | 'interrupted';
      readonly seconds: number;
    };
