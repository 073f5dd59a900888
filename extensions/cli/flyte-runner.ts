import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { usage, type CommandResult } from './host.ts';

const program = 'import sys; from flytekit.clis.sdk_in_container.pyflyte import main; sys.exit(main())';
const supported = '1.16';

/** What to say when the interpreter has no flytekit that can be used. */
export function missingFlytekit(python: string): CommandResult | undefined {
  const question = 'import importlib.metadata as m; print(m.version("flytekit"))';
  const asked = spawnSync(python, ['-c', question], { encoding: 'utf8' });
  if (asked.status === 0 && /^1\.(?:1[6-9]|[2-9]\d)\./.test(asked.stdout)) return undefined;
  const found =
    asked.status === 0 ? `has flytekit ${asked.stdout.trim()}, which is too old or too new` : 'has no flytekit';
  const help = `Install it: ${python} -m pip install 'flytekit>=${supported},<2' s3fs. Or name another interpreter with --python.`;
  return usage(`${python} ${found}.`, help, 'CW831');
}

/** A call of pyflyte. */
export interface PyflyteCall {
  readonly python: string;
  /** The project's folder. */
  readonly folder: string;
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The file that has all that it says. */
  readonly log: string;
  readonly signal: AbortSignal;
  /** Called with the name of each step that has ended. */
  readonly onStep: (name: string) => void;
  /** Where steps write how they ended. */
  readonly results?: { readonly folder: string; readonly run: string };
}

/** How it ended. */
export interface FlyteRun {
  readonly code: number | null;
  readonly interrupted: boolean;
  /** The last lines that it said. */
  readonly last: string;
}

const lastLines = 40;
const lookEvery = 300;

/** Runs flytekit's own command line in the interpreter. */
export async function runPyflyte(call: PyflyteCall): Promise<FlyteRun> {
  const log = openSync(call.log, 'w');
  try {
    const child = spawn(call.python, ['-c', program, ...call.words], {
      ...{ cwd: call.folder, env: { ...call.environment } },
      stdio: ['ignore', log, log],
      detached: true,
    });
    const seen = new Set<string>();
    const timer = setInterval(() => {
      tellSteps(call, seen);
    }, lookEvery);
    const stop = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    };
    call.signal.addEventListener('abort', stop);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    clearInterval(timer);
    call.signal.removeEventListener('abort', stop);
    tellSteps(call, seen);
    return { code, interrupted: call.signal.aborted, last: endOf(call.log) };
  } finally {
    closeSync(log);
  }
}

function tellSteps({ results, onStep }: PyflyteCall, seen: Set<string>): void {
  if (results === undefined) return;
  for (const name of readdirSync(results.folder).sort()) {
    if (!name.endsWith('.json') || seen.has(name)) continue;
    const { run, step, exitCode } = JSON.parse(readFileSync(path.join(results.folder, name), 'utf8')) as {
      readonly run: string;
      readonly step: string;
      readonly exitCode: number;
    };
    if (run !== results.run) continue;
    seen.add(name);
    if (exitCode === 0) onStep(step);
  }
}

function endOf(file: string): string {
  // Cells may colour what they say, so what they run in must not be told to leave colours out.
  const text = readFileSync(file, 'utf8').replaceAll(/\u001B\[[0-9;]*m/g, '');
  return `${text.trimEnd().split('\n').slice(-lastLines).join('\n')}\n`;
}
