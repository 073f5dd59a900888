import { createHash } from 'node:crypto';
import path from 'node:path';
import { canonicalJson } from '../../../compiler/bundle/canonical.ts';
import { imageFiles, planForEngines, requirementLines, type Lock } from '../../../compiler/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { isThere, readNamedFile, shownPath } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { findLockFile, openLock, type OpenedLock } from '../lock-file.ts';
import { findMissing } from '../parameter-types.ts';
import { writeProject } from '../project-folder.ts';
import { count } from '../render.ts';
import { listBundleFiles } from '../toolchain.ts';

/** `cellwright image NB [-o DIR]`: the folder from which a builder makes an image that runs the notebook's steps. Executes nothing. */
export async function imageCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const missing = findMissing(input.values, input.plain.bundle.parameters);
  if (missing !== undefined) return usage(missing.message, missing.help, 'CW901');
  const lock = lockOf(host, parsed, input);
  if (!lock.ok) return lock.result;
  const packages = packagesOf(lock.value);
  if (!packages.ok) return packages.result;
  const base = baseOf(parsed, lock.value.lock);
  if (!base.ok) return base.result;
  const bytes = readNamedFile(host, lock.value.file, lock.value.shown);
  if (!bytes.ok) return bytes.result;
  const plan = planForEngines(input.bundle, input.profile);
  const bundle = digestOf(canonicalJson(input.bundle));
  const lockDigest = digestOf(bytes.value);
  const files = new Map(listBundleFiles(host.installation, input.compilation));
  files.set('plan.json', `${canonicalJson(plan)}\n`);
  const { stem } = input;
  const order = { plan, stem, bundle, lock: lockDigest, packages: packages.value, base: base.value, files };
  const emitted = imageFiles({ ...order, python: lock.value.lock.own?.python ?? '' });
  const output = path.resolve(host.cwd, lastValue(parsed, 'output') ?? path.join(input.folder, `${stem}.image`));
  const shown = shownPath(host, output);
  const problem = writeProject(output, { shown, target: 'image', files: emitted });
  if (problem !== undefined) return problem;
  const size = `${count(packages.value.length, 'package')}, ${count(plan.steps.length, 'step')}`;
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `image ${shown}: ${size}, on ${base.value}\nbuild it  docker build -t ${nameFor(stem)} ${shown}\n`,
    document: {
      notebook: input.path,
      folder: output,
      base: base.value,
      bundle,
      lock: lockDigest,
      packages: packages.value.length,
      steps: plan.steps.map(({ name }) => name),
      files: emitted.map((file) => file.path).sort(),
    },
  };
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** What a registry takes for a name. */
function nameFor(stem: string): string {
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'notebook' : name;
}

function lockOf(host: Host, parsed: ParsedArguments, input: Input): Outcome<OpenedLock> {
  const named = lastValue(parsed, 'lock');
  const file = named === undefined ? findLockFile(input) : path.resolve(host.cwd, named);
  if (file !== undefined && (named !== undefined || isThere(file))) return openLock(host, file);
  const help = `Write one with cellwright lock ${input.path}.`;
  return { ok: false, result: usage(`There is no lock beside ${input.path}.`, help, 'CW702') };
}

/** Lines for pip; what is only on this machine, or has no hash, cannot be in an image. */
function packagesOf({ lock, shown }: OpenedLock): Outcome<readonly string[]> {
  const here = new Set<string>();
  const { hashed, direct } = requirementLines(lock, (file) => {
    here.add(file);
    return file;
  });
  const [first] = [...direct, ...here];
  if (first === undefined) return { ok: true, value: hashed };
  const message = `${shown} has a package that an image cannot be made with: ${first}.`;
  const help = 'Publish it to an index of packages, and lock the notebook again: what is in an image must have a hash.';
  return { ok: false, result: usage(message, help, 'CW702') };
}

function baseOf(parsed: ParsedArguments, lock: Lock): Outcome<string> {
  const named = lastValue(parsed, 'base');
  const help = 'Name an image that has the Python of the lock: --base python:3.11-slim-bookworm.';
  if (named !== undefined)
    return /^[a-zA-Z0-9][\w.\-/:]*(?:@sha256:[0-9a-f]{64})?$/.test(named)
      ? { ok: true, value: named }
      : { ok: false, result: usage(`${named} is no name of an image.`, help) };
  const version = /^\d+\.\d+(?:\.\d+)?$/.exec(lock.own?.python ?? '')?.[0];
  if (version !== undefined) return { ok: true, value: `docker.io/library/python:${version}-slim-bookworm` };
  return { ok: false, result: usage('The lock does not say which Python it is for.', help) };
}
