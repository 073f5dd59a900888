import path from 'node:path';
import {
  digestOfFacts,
  gatherFacts,
  languageOfNotebook,
  readCertificate,
  writeCertificate,
  type Certificate,
  type EnvironmentDescription,
  type PlainRun,
  type RunRecord,
  type Witness,
} from '../../runtime/index.ts';
import { decodeText, isSameFile, readNamedFile, shownPath } from './files.ts';
import { usage, type CommandResult, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { checkWritable, writeOutput } from './output-file.ts';
import { recordParameters } from './recorded-parameters.ts';
import type { Place } from './state-folder.ts';
import { programName } from './version.ts';

/** A run of a notebook, and where it was made. */
export interface WitnessedRun {
  readonly input: Input;
  /** The folder that the cells ran in. */
  readonly cwd: string;
  readonly place: Place;
  readonly environment: EnvironmentDescription;
  readonly record: RunRecord;
  readonly plain: readonly PlainRun[];
}

/** Finds out what ran the cells, and what was installed there. */
export function lookAtEnvironment(
  host: Host,
  { input, cwd, place, record }: Pick<WitnessedRun, 'input' | 'cwd' | 'place' | 'record'>,
): Outcome<EnvironmentDescription> {
  const described = languageOfNotebook(input.bundle.notebook.language).describeEnvironment({
    script: path.join(host.installation, 'python', 'describe_environment.py'),
    cwd,
    python: place.python,
    kernel: kernelIn(place, input),
    lock: place.lock,
    packages: record.packages,
    environment: place.environment,
  });
  if (described.ok) return described;
  const result: CommandResult = {
    status: 'usage',
    diagnostics: described.error,
    text: '',
    document: { notebook: input.path },
  };
  return { ok: false, result };
}

function kernelIn({ kernel }: Place, { bundle }: Input): string {
  return kernel ?? bundle.notebook.kernelName;
}

/** What a certificate says of a run. */
export function witness({ input, cwd, place, environment, record, plain }: WitnessedRun): Witness {
  return gatherFacts({
    name: input.isStream ? 'standard input' : path.basename(input.path),
    bundle: input.bundle,
    parameters: recordParameters(input.values),
    folder: input.folder,
    cwd,
    kernel: kernelIn(place, input),
    environment,
    record,
    plain: plain.map(({ notebook }) => notebook),
  });
}

/** Where a certificate is to be written, once it is sure that it can be. */
export function findCertificate(host: Host, named: string, input: Input): Outcome<string> {
  if (named === '') {
    return {
      ok: false,
      result: usage('The name of the certificate is empty.', 'Perhaps a variable of the shell is not set.'),
    };
  }
  const file = path.resolve(host.cwd, named);
  if (isSameFile(file, path.resolve(host.cwd, input.path))) {
    return { ok: false, result: usage(`${named} is the notebook.`, 'Name another file with --certificate.') };
  }
  const problem = checkWritable(file, named);
  return problem === undefined ? { ok: true, value: file } : { ok: false, result: problem };
}

/** Writes the certificate of a run; gives its digest. */
export function saveCertificate(host: Host, file: string, facts: Witness['facts']): Outcome<string> {
  const made = { at: new Date().toISOString(), by: programName };
  const problem = writeOutput(file, writeCertificate(facts, made), shownPath(host, file));
  return problem === undefined ? { ok: true, value: digestOfFacts(facts) } : { ok: false, result: problem };
}

/** Reads the certificate that a person named. */
export function openCertificate(host: Host, named: string): Outcome<Certificate> {
  const bytes = readNamedFile(host, named);
  if (!bytes.ok) return bytes;
  const read = readCertificate(decodeText(bytes.value) ?? '', named);
  if (read.ok) return read;
  return { ok: false, result: { status: 'usage', diagnostics: read.error, text: '', document: {} } };
}
