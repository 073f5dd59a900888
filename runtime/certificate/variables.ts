import { scryptSync } from 'node:crypto';
import { isReadUnseen } from '../start-state.ts';
import { ofTerminal, type Variables } from '../variables.ts';
import type { RecordedEnvironment } from './format.ts';

/**
 * Who works where: another one on every machine and for every person. To compare them would find a difference everywhere, and
 * from a digest of such a value the value could be guessed.
 */
const ofMachine =
  /^(?:HOME|USER|LOGNAME|USERNAME|HOST|HOSTNAME|HOSTTYPE|SHELL|PATH|MANPATH|TMPDIR|TEMP|TMP|MAIL|EDITOR|DISPLAY|WAYLAND_DISPLAY|JPY_PARENT_PID|MPLCONFIGDIR|IPYTHONDIR|VIRTUAL_ENV.*|CONDA_.*|XDG_.*|SSH_.*|LD_.*|DYLD_.*|JUPYTER_.*|PYTHON(?:PATH|HOME|USERBASE|STARTUP|PYCACHEPREFIX|EXECUTABLE))$/;

/** What no output shows; the seed of hashes is the same in every run. */
const withoutEffect = /^PYTHON(?:HASHSEED|DONTWRITEBYTECODE|UNBUFFERED|FAULTHANDLER)$/;

/** True for variables of the machine or of the person, of which a certificate has nothing. */
export function isOfMachine(name: string): boolean {
  return ofMachine.test(name) || ofTerminal.has(name);
}

/** The variables that were read and are set, by name; those that the interpreter reads unseen are always among them. */
export function recordVariables(read: ReadonlySet<string>, values: Variables): RecordedEnvironment['variables'] {
  const names = new Set([...read, ...Object.keys(values).filter((name) => isReadUnseen(name))]);
  return [...names].sort().flatMap((name) => {
    const value = values[name];
    if (value === undefined || isOfMachine(name) || withoutEffect.test(name)) return [];
    return [{ name, digest: slowDigest(name, value) }];
  });
}

/** Slow on purpose, and another one for each name: whoever has the file must not try millions of values a second. */
function slowDigest(name: string, value: string): string {
  return `scrypt:${scryptSync(value, `cellwright ${name}`, 32, { N: 16384, r: 8, p: 1 }).toString('hex')}`;
}
