import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isFileError } from '../store/local.ts';
import type { Variables } from '../variables.ts';

/** How a call of uv ended. */
export interface UvAnswer {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly out: string;
  /** What it said, without colours and progress. */
  readonly said: string;
}

/** The command of uv, found once. */
export interface Uv {
  readonly words: readonly [string, ...string[]];
  readonly environment: Variables;
}

/** What a call of uv is given. */
export interface UvCall {
  readonly cwd: string;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Finds uv: on the PATH, else as a module of one of these interpreters. */
export function findUv(environment: Variables, interpreters: readonly string[]): Uv | undefined {
  for (const folder of (environment['PATH'] ?? '').split(delimiter)) {
    const program = join(folder, 'uv');
    if (folder !== '' && isProgram(program)) return { words: [program], environment };
  }
  for (const python of interpreters) {
    const asked = spawnSync(python, ['-m', 'uv', '--version'], { env: environment, timeout: 20_000, stdio: 'ignore' });
    if (asked.status === 0) return { words: [python, '-m', 'uv'], environment };
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (isFileError(error)) return false;
    throw error;
  }
}

/** Who the system trusts counts, as for pip and npm: behind a company's proxy nobody else answers. By the new and the old name of the setting. */
const systemCertificates = { UV_SYSTEM_CERTS: 'true', UV_NATIVE_TLS: 'true' };

/** Calls uv and waits; ends it when the signal is aborted. */
export async function callUv(uv: Uv, words: readonly string[], { cwd, input, signal }: UvCall): Promise<UvAnswer> {
  const [program, ...first] = uv.words;
  const env = { ...systemCertificates, ...uv.environment, NO_COLOR: '1', UV_NO_PROGRESS: '1' };
  const child = spawn(program, [...first, ...words], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => out.push(part));
  child.stderr.on('data', (part: Buffer) => said.push(part));
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const code = await new Promise<number | undefined>((resolve) => {
    child.on('error', () => {
      resolve(undefined);
    });
    child.on('close', (ended) => {
      resolve(ended ?? undefined);
    });
  });
  signal?.removeEventListener('abort', stop);
  return { code, out: Buffer.concat(out).toString('utf8'), said: Buffer.concat(said).toString('utf8').trim() };
}

/** The part of what uv said that tells the reason, in one line without addresses. */
export function reasonOf(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[×╰├─▶│]+|error:|cause:)\s*/u, '').trim())
    .filter((line) => line !== '' && !/^(?:Using|Resolved|Creating|Activate|warning:|hint:)/.test(line));
  return lines
    .slice(0, 4)
    .join(' ')
    .replaceAll(/https?:\/\/[^\s`'")]+/g, 'the index')
    .replace(/\.$/, '');
}
