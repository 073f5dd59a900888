import { findInterpreter, findUv, type Uv } from '../../runtime/index.ts';
import { usage, type Host, type Outcome } from './host.ts';

/** uv: on the PATH, in the interpreter of the notebook, or in the Python of the active environment. */
export function requireUv(host: Host, executable: string | undefined): Outcome<Uv> {
  const own = findInterpreter({ environment: host.environment })?.executable;
  const interpreters = [executable, own].filter((one) => one !== undefined);
  const uv = findUv(host.environment, interpreters);
  if (uv !== undefined) return { ok: true, value: uv };
  const help = `Install it: ${executable ?? own ?? 'python3'} -m pip install uv`;
  return {
    ok: false,
    result: usage('uv was not found, which asks the package index for hashes and builds environments.', help, 'CW704'),
  };
}
