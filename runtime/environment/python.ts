import { spawnSync } from 'node:child_process';
import type { Variables } from '../variables.ts';
import { callUv, type Uv, type UvCall } from './uv.ts';

/** Which Python an environment is built from. */
export interface PythonWish {
  /** The exact version, if one was locked; another one of the same minor version stands in for it. */
  readonly version: string | undefined;
  /** A version specifier, or empty for any. */
  readonly specifier: string;
  /** An interpreter that is taken before others are looked for. */
  readonly preferred: string | undefined;
  readonly environment: Variables;
}

/** What was found: an interpreter's path, or a word that uv understands; and its version, if it is known. */
export interface FoundPython {
  readonly request: string;
  readonly version: string | undefined;
}

/** The version that an interpreter says it has. */
export function versionOf(executable: string, environment: Variables): string | undefined {
  const words = ['-I', '-S', '-c', 'import platform; print(platform.python_version())'];
  const { status, stdout } = spawnSync(executable, words, { env: environment, encoding: 'utf8', timeout: 20_000 });
  return status === 0 ? stdout.trim() : undefined;
}

/** The interpreter that was locked, wherever it is; else one of the same minor version. */
export async function findPython(uv: Uv, wish: PythonWish, call: UvCall): Promise<FoundPython> {
  const { version, specifier, preferred, environment } = wish;
  if (version === undefined) {
    if (specifier !== '') return { request: specifier, version: undefined };
    return { request: preferred ?? 'python3', version: undefined };
  }
  if (preferred !== undefined && versionOf(preferred, environment) === version) return { request: preferred, version };
  const exact = await callUv(uv, ['python', 'find', '--no-project', version], call);
  if (exact.code === 0) return { request: exact.out.trim(), version };
  const minor = version.split('.').slice(0, 2).join('.');
  const near = await callUv(uv, ['python', 'find', '--no-project', minor], call);
  if (near.code !== 0) return { request: version, version };
  const found = near.out.trim();
  return { request: found, version: versionOf(found, environment) };
}
