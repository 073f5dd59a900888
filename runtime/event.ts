import type { Diagnostic } from '../compiler/bundle/diagnostic.ts';

/** How a task ended. */
export type TaskStatus = 'ran' | 'cached' | 'failed' | 'not-run';

/** Everything shown to users is an event. */
export type RunEvent =
  | { readonly type: 'run-started'; readonly id: string; readonly tasks: number }
  | { readonly type: 'task-started'; readonly task: string; readonly name: string; readonly speculative: boolean }
  | { readonly type: 'task-dropped'; readonly task: string; readonly name: string; readonly reason: string }
  | {
      readonly type: 'task-fused';
      readonly task: string;
      readonly name: string;
      readonly with: string;
      readonly reason: string;
    }
  | { readonly type: 'lane'; readonly reason: string }
  /** All tasks start again. */
  | { readonly type: 'restarted'; readonly reason: string }
  | {
      readonly type: 'task-finished';
      readonly task: string;
      readonly name: string;
      readonly status: TaskStatus;
      readonly seconds: number;
      readonly reason: string;
    }
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly type: 'run-finished'; readonly status: 'ok' | 'failed' | 'refused'; readonly seconds: number };
