import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readEffectsProfile, type EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { describeFileError, isFileError, isThere, readNamedFile, shownPath } from './files.ts';
import type { Host, Outcome } from './host.ts';

/** An effects profile that was found, or why it is not used. */
export interface FoundProfile {
  readonly profile?: EffectsProfile;
  readonly warnings: readonly Diagnostic[];
}

/** Where the profile of a notebook is unless something else is said: a name that goes with the notebook's in every list of files. */
export function profileBeside(folder: string, stem: string): string {
  return path.join(folder, `${stem}.effects.json`);
}

/** The file that `--profile` names, which must be there. */
export function findNamedProfile(host: Host, parsed: ParsedArguments): Outcome<FoundProfile | undefined> {
  const named = lastValue(parsed, 'profile');
  if (named === undefined) return { ok: true, value: undefined };
  const bytes = readNamedFile(host, path.resolve(host.cwd, named), named);
  return bytes.ok ? { ok: true, value: read(new TextDecoder().decode(bytes.value), named) } : bytes;
}

/** The profile beside a notebook; nothing is wrong when there is none. */
export function readProfileBeside(host: Host, folder: string, stem: string): FoundProfile {
  const file = profileBeside(folder, stem);
  return readProfileAt(file, shownPath(host, file));
}

/** The profile in a file; none when there is no such file. */
export function readProfileAt(file: string, shown: string): FoundProfile {
  if (!isThere(file)) return { warnings: [] };
  try {
    return read(readFileSync(file, 'utf8'), shown);
  } catch (error) {
    if (!isFileError(error)) throw error;
    const message = `${shown} cannot be read, and is left out of account: ${describeFileError(error)}.`;
    const help = 'Nothing else changes: results are the same without it.';
    return { warnings: [{ code: 'CW311', severity: 'warning', message, help, related: [] }] };
  }
}

function read(text: string, shown: string): FoundProfile {
  const profile = readEffectsProfile(text, shown);
  return profile.ok ? { profile: profile.value, warnings: [] } : { warnings: [profile.error] };
}
