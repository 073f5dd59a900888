import path from 'node:path';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import {
  logRun,
  readMetricRun,
  ServerProblem,
  TrackingServer,
  type TrackedRun,
  type MetricRun,
} from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import type { Host } from './host.ts';
import type { Input } from './input.ts';
import { originOf } from './origin.ts';

/** Which runs go to a tracking server. */
export interface ExportedRuns {
  readonly runs: readonly MetricRun[];
  readonly state: string;
  /** Path of the notebook; its experiment is called like the file where MLFLOW_EXPERIMENT_NAME does not say otherwise. */
  readonly notebook: string;
}

/** What became of them. */
export interface Exported {
  readonly logged: readonly TrackedRun[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The address of the tracking server, by the option or the environment as MLflow's own programs read it. */
export function trackingUri(host: Host, parsed: ParsedArguments): string | undefined {
  const uri = lastValue(parsed, 'mlflow') ?? host.environment['MLFLOW_TRACKING_URI'];
  return uri === '' ? undefined : uri;
}

/** Sends runs to a tracking server. That it does not take them is a warning: the runs are as good without. */
export async function exportRuns(host: Host, uri: string, { runs, state, notebook }: ExportedRuns): Promise<Exported> {
  const logged: TrackedRun[] = [];
  const named = host.environment['MLFLOW_EXPERIMENT_NAME'] ?? '';
  const experiment = named === '' ? path.basename(notebook).replace(/\.(?:ipynb|py)$/, '') : named;
  try {
    const server = new TrackingServer(uri, host.environment);
    for (const run of runs) logged.push(await logRun(server, run, { experiment, state }));
    return { logged, diagnostics: [] };
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    const diagnostic: Diagnostic = {
      code: 'CW522',
      severity: 'warning',
      message: `The run was not sent to MLflow: ${error.message}.`,
      help: 'The run itself is as good as without; cellwright metrics NB --export mlflow sends it again.',
      related: [],
    };
    return { logged, diagnostics: [diagnostic] };
  }
}

/** What was sent, a run a line. */
export function describeExport({ logged }: Exported): string {
  return logged.map(({ url, wasThere }) => `mlflow    ${url}${wasThere ? ' (was there)' : ''}\n`).join('');
}

/** What is to be told of runs that have just ended. */
export interface EndedRuns {
  readonly input: Input;
  readonly runs: readonly string[];
  readonly state: string;
}

/** To a tracking server, where there is one and there is something to tell it. */
export async function exportRecorded(
  host: Host,
  parsed: ParsedArguments,
  { input, runs, state }: EndedRuns,
): Promise<Exported> {
  const uri = trackingUri(host, parsed);
  const recorded = uri === undefined ? [] : runs.flatMap((run) => readMetricRun(state, run) ?? []);
  if (uri === undefined || recorded.length === 0) return { logged: [], diagnostics: [] };
  return await exportRuns(host, uri, { runs: recorded, state, notebook: originOf(host, input).notebook });
}
