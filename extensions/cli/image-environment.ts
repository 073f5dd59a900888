import path from 'node:path';
import {
  imagePlaces,
  packagesEnvironment,
  programsEnvironment,
  requirementLines,
  type CellRunner,
  type ImageEnvironment,
  type Lock,
} from '../../compiler/index.ts';
import { importsOf } from '../../runtime/index.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { digestOf, findStepEngine, type StepEngine } from './emitted-engine.ts';
import { isThere, readNamedFile } from './files.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { findLockFile, openLock, type OpenedLock } from './lock-file.ts';
import { moduleLocksOf } from './module-lock.ts';
import { count } from './render.ts';
import { refuse } from './requirements-of.ts';

/** What the cells of a notebook run in, in an image. */
export interface FoundEnvironment {
  readonly environment: ImageEnvironment;
  /** Files of the bundle besides those of every bundle, by path. */
  readonly worker: ReadonlyMap<string, string>;
  /** What is in it, in words. */
  readonly holds: string;
  /** How many packages or modules the lock has. */
  readonly packages: number;
}

/** Finds what an image has to have for the cells of a notebook. Executes nothing. */
export function findImageEnvironment(host: Host, parsed: ParsedArguments, input: Input): Outcome<FoundEnvironment> {
  const engine = findStepEngine(host, parsed, { input, what: 'image', lock: lastValue(parsed, 'lock') });
  if (!engine.ok) return engine;
  return engine.value.runner === undefined
    ? environmentOfPackages(host, parsed, input)
    : environmentOfPrograms(parsed, input, { ...engine.value, runner: engine.value.runner });
}

function environmentOfPrograms(
  parsed: ParsedArguments,
  input: Input,
  { runner, lock, files }: StepEngine & { readonly runner: CellRunner },
): Outcome<FoundEnvironment> {
  const base = namedBase(parsed, 'Name an image that has python3, node and deno on its path.');
  if (!base.ok) return base;
  const unknown = runner.programs.at(-1);
  if (unknown !== undefined && unknown.version === undefined && base.value === undefined) {
    const message = `No run of ${input.path} says with which version of ${unknown.name} its cells run.`;
    const help = `Run it once with cellwright run ${input.path}, or name an image with --base that has python3 and ${runner.programs.map(({ name }) => name).join(' and ')}.`;
    return { ok: false, result: usage(message, help) };
  }
  const imports = importsOf(input.bundle);
  const entry = lock === undefined ? undefined : moduleLocksOf(parsed, input)?.entryOf?.(imports, lock);
  if (entry?.ok === false) return refuse(input, entry.error);
  const environment = programsEnvironment({ base: base.value, runner, modules: entry?.value ?? '' }, imagePlaces);
  const worker = new Map(files.map((file) => [file.path.replace(/^bundle\//, ''), file.text]));
  const packages = (entry?.value ?? '').split('\n').length - 1;
  const holds = runner.programs.map(({ name, version = '' }) => `${name} ${version}`.trimEnd()).join(' and ');
  const modules = packages === 0 ? '' : `, ${count(packages, 'import')}`;
  return { ok: true, value: { environment, worker, packages, holds: `${holds}${modules}` } };
}

function environmentOfPackages(host: Host, parsed: ParsedArguments, input: Input): Outcome<FoundEnvironment> {
  const lock = lockOf(host, parsed, input);
  if (!lock.ok) return lock;
  const packages = packagesOf(lock.value);
  if (!packages.ok) return packages;
  const base = baseOf(parsed, lock.value.lock);
  if (!base.ok) return base;
  const bytes = readNamedFile(host, lock.value.file, lock.value.shown);
  if (!bytes.ok) return bytes;
  const locked = { base: base.value, lock: digestOf(bytes.value), packages: packages.value };
  const environment = packagesEnvironment({ ...locked, python: lock.value.lock.own?.python ?? '' }, imagePlaces);
  const size = packages.value.length;
  return { ok: true, value: { environment, worker: new Map(), holds: count(size, 'package'), packages: size } };
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
  const help = 'Name an image that has the Python of the lock: --base python:3.11-slim-bookworm.';
  const named = namedBase(parsed, help);
  if (!named.ok) return named;
  if (named.value !== undefined) return { ok: true, value: named.value };
  const version = /^\d+\.\d+(?:\.\d+)?$/.exec(lock.own?.python ?? '')?.[0];
  if (version !== undefined) return { ok: true, value: `docker.io/library/python:${version}-slim-bookworm` };
  return { ok: false, result: usage('The lock does not say which Python it is for.', help) };
}

function namedBase(parsed: ParsedArguments, help: string): Outcome<string | undefined> {
  const named = lastValue(parsed, 'base');
  if (named === undefined || /^[a-zA-Z0-9][\w.\-/:]*(?:@sha256:[0-9a-f]{64})?$/.test(named))
    return { ok: true, value: named };
  return { ok: false, result: usage(`${named} is no name of an image.`, help) };
}
