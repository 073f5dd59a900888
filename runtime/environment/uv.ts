import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { callProgram, type ProgramAnswer, type ProgramCall } from '../process/call-program.ts';
import { isFileError } from '../store/local.ts';
import type { Variables } from '../variables.ts';

/** The command of uv, found once. */
export interface Uv {
  readonly words: readonly [string, ...string[]];
  readonly environment: Variables;
}

/** What a call of uv is given. */
export type UvCall = Omit<ProgramCall, 'environment'>;

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
export async function callUv(uv: Uv, words: readonly string[], call: UvCall): Promise<ProgramAnswer> {
  const [program, ...first] = uv.words;
  const environment = { ...systemCertificates, ...uv.environment, NO_COLOR: '1', UV_NO_PROGRESS: '1' };
  return await callProgram(program, [...first, ...words], { ...call, environment });
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
