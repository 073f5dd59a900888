import { createHash } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { readLock, requirementLines, writeLock, type Lock, type ScriptMetadata } from '../../compiler/index.ts';
import {
  buildEnvironment,
  findBuilt,
  findInterpreter,
  resolveRequirements,
  versionOf,
  writeAtomically,
  type EnvironmentOrder,
  type Origin,
} from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { canonicalLock } from './assemble-lock.ts';
import { decodeText, isThere, readNamedFile } from './files.ts';
import { requireUv } from './find-uv.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { interruptedBefore } from './interrupted.ts';
import { findLockFile, openLock } from './lock-file.ts';
import { moduleLocksOf, prepareModules } from './module-lock.ts';
import { count } from './render.ts';
import { metadataOf, refuse } from './requirements-of.ts';
import type { Place } from './state-folder.ts';

/** A place whose interpreter is the one that was asked for, and what is to be said of it. */
export interface PreparedPlace {
  readonly place: Place;
  readonly diagnostics: readonly Diagnostic[];
  /** What the environment is built from, where one was asked for. */
  readonly lock?: Origin['lock'];
}

/** How a command wants its environment. */
export interface Preparation {
  /** False: nothing is built. An environment that is not there has an interpreter that is not there. */
  readonly builds: boolean;
  readonly silent: boolean;
}

/** With `--env`, the place with the interpreter of that environment, which is built when it is not there; without, the place as it is. */
export async function prepareEnvironment(
  host: Host,
  parsed: ParsedArguments,
  { input, place, builds, silent }: Preparation & { readonly input: Input; readonly place: Place },
): Promise<Outcome<PreparedPlace>> {
  const asked = lastValue(parsed, 'env');
  if (asked === undefined) return { ok: true, value: { place, diagnostics: [] } };
  const locks = moduleLocksOf(parsed, input);
  if (locks !== undefined) return await prepareModules(host, parsed, { input, place, locks, builds, silent });
  const other = ['python', 'kernel'].find((flag) => hasFlag(parsed, flag));
  if (other !== undefined) {
    return {
      ok: false,
      result: usage(`--env and --${other} were both given.`, 'Each names an interpreter: give one of them.'),
    };
  }
  const request = { input, place, builds, silent };
  const order = await findOrder(host, request, asked);
  if (!order.ok) return order;
  const lock = describeLock(order.value);
  const built = findBuilt(place.state, order.value);
  if (built !== undefined || !builds) {
    const python = built ?? path.join(place.state, 'environments', 'not-built');
    return {
      ok: true,
      value: {
        place: { ...place, python, kernel: undefined },
        diagnostics: built === undefined ? [unbuilt(order.value)] : [],
        lock,
      },
    };
  }
  const made = await build(host, request, order.value);
  return made.ok ? { ok: true, value: { ...made.value, lock } } : made;
}

function describeLock({ shown, hashed, direct }: EnvironmentOrder): Origin['lock'] {
  const digest = createHash('sha256')
    .update(JSON.stringify([hashed, direct]))
    .digest('hex');
  return { name: shown, digest: `sha256:${digest}` };
}

type Request = Preparation & { readonly input: Input; readonly place: Place };

async function build(
  host: Host,
  { input, place, silent }: Request,
  order: EnvironmentOrder,
): Promise<Outcome<PreparedPlace>> {
  const uv = requireUv(host, order.python.preferred);
  if (!uv.ok) return uv;
  const number = order.hashed.length + order.direct.length;
  const signal = host.interruption();
  const made = await buildEnvironment(uv.value, order, {
    state: place.state,
    cwd: input.folder,
    signal,
    onStart: () => {
      if (!silent) host.err(`building the environment of ${order.shown} (${count(number, 'package')})\n`);
    },
  });
  if (signal.aborted) return { ok: false, result: interruptedBefore(input, 'run') };
  if (!made.ok) return refuse(input, made.error);
  const { executable, diagnostics } = made.value;
  return { ok: true, value: { place: { ...place, python: executable, kernel: undefined }, diagnostics } };
}

function unbuilt({ shown }: EnvironmentOrder): Diagnostic {
  const message = `The environment of ${shown} is not built yet, so everything would run.`;
  return { code: 'CW706', severity: 'warning', message, help: 'cellwright run --env builds it.', related: [] };
}

/** What is to be built: of the file that was named, of the lock beside the notebook, or of its script metadata. */
async function findOrder(host: Host, request: Request, asked: string): Promise<Outcome<EnvironmentOrder>> {
  const { input } = request;
  const file = asked === 'lock' ? findLockFile(input) : path.resolve(host.cwd, asked);
  if (file !== undefined) {
    const opened = openLock(host, file);
    return opened.ok ? { ok: true, value: orderOf(host, request, opened.value) } : opened;
  }
  const metadata = metadataOf(input);
  if (!metadata.ok) return metadata;
  if (metadata.value !== undefined) return resolveMetadata(host, request, metadata.value);
  const help = `Write a lock with cellwright lock ${input.path}, or script metadata (# /// script) into its first cell.`;
  return {
    ok: false,
    result: usage(`There is no lock beside ${input.path}, and no script metadata in it.`, help, 'CW702'),
  };
}

interface Ordered {
  readonly lock: Lock;
  readonly file: string;
  readonly shown: string;
}

function orderOf(host: Host, { input, place }: Request, { lock, file, shown }: Ordered): EnvironmentOrder {
  const preferred = ownInterpreter(host, input, place);
  const absolute = (relative: string): string => pathToFileURL(path.resolve(path.dirname(file), relative)).href;
  const specifier = lock.requiresPython ?? '';
  return {
    ...requirementLines(lock, absolute),
    shown,
    python: { ...pythonOf(host, lock.own?.python, { specifier, preferred }), preferred },
  };
}

/** Without a word of which Python, it is the notebook's own. */
function pythonOf(
  host: Host,
  version: string | undefined,
  { specifier, preferred }: { readonly specifier: string; readonly preferred: string | undefined },
): Omit<EnvironmentOrder['python'], 'preferred'> {
  const { environment } = host;
  const isOpen = version === undefined && specifier === '' && preferred !== undefined;
  return { version: isOpen ? versionOf(preferred, environment) : version, specifier, environment };
}

function ownInterpreter(host: Host, input: Input, place: Place): string | undefined {
  const kernel = input.bundle.notebook.kernelName;
  return findInterpreter({ python: place.python, kernel, environment: host.environment })?.executable;
}

/** What the metadata stands for is decided once, and kept until the metadata changes. */
async function resolveMetadata(
  host: Host,
  request: Request,
  metadata: ScriptMetadata,
): Promise<Outcome<EnvironmentOrder>> {
  const { input, place, builds, silent } = request;
  const preferred = ownInterpreter(host, input, place);
  const python = pythonOf(host, undefined, { specifier: metadata.requiresPython ?? '', preferred });
  const requirements = [...metadata.dependencies, 'ipython'];
  const text = JSON.stringify([1, requirements, python.version ?? '', python.specifier]);
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const file = path.join(place.state, 'environments', `script-${digest}.toml`);
  const shown = 'the script metadata';
  if (!isThere(file)) {
    if (!builds) return { ok: true, value: { hashed: [], direct: [], shown, python: { ...python, preferred } } };
    const uv = requireUv(host, preferred);
    if (!uv.ok) return uv;
    if (!silent) host.err('resolving the script metadata\n');
    const wanted = python.specifier === '' ? (preferred ?? 'python3') : python.specifier;
    const signal = host.interruption();
    const answer = await resolveRequirements(uv.value, { requirements, python: wanted, cwd: input.folder, signal });
    if (signal.aborted) return { ok: false, result: interruptedBefore(input, 'run') };
    if (!answer.ok) return refuse(input, answer.error);
    const read = readLock(answer.value, shown);
    if (!read.ok) return refuse(input, read.error);
    writeAtomically(file, writeLock(canonicalLock(read.value)));
  }
  const bytes = readNamedFile(host, file);
  if (!bytes.ok) return bytes;
  const read = readLock(decodeText(bytes.value) ?? '', shown);
  if (!read.ok) return refuse(input, read.error);
  const order = orderOf(host, request, { lock: read.value, file, shown });
  return { ok: true, value: { ...order, python: { ...python, preferred } } };
}
