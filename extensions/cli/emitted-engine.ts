import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CellRunner, EmittedFile } from '../../compiler/index.ts';
import { importsOf, languageOfNotebook, readLastRun, type LockText, type StepNeeds } from '../../runtime/index.ts';
import type { ParsedArguments } from './args.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { findModuleLock, kernelOf, moduleLocksOf, openModuleLock } from './module-lock.ts';
import { stateOf } from './state-folder.ts';

/** What steps need that run no cells of Python. */
export interface StepEngine {
  /** Of the bundle: the worker of the language, and the lock of modules beside the notebook. */
  readonly files: readonly EmittedFile[];
  /** Undefined where Python runs the cells. */
  readonly runner: CellRunner | undefined;
  readonly lock: LockText | undefined;
  /** False: parameters have the values that they are emitted with. */
  readonly takesValues: boolean;
}

/**
 * What steps of a notebook need besides a Python, on machines that do not have its folder. Fails where its cells cannot run there, or where each
 * machine would look for the modules by itself.
 * @param what the command, for messages
 */
export function findStepEngine(host: Host, parsed: ParsedArguments, asked: Asked): Outcome<StepEngine> {
  const { input, what } = asked;
  const { staysHere } = needsOf(parsed, input);
  if (staysHere !== undefined) {
    const result = usage(`${what}: ${staysHere.why}.`, staysHere.next, 'CW401');
    return { ok: false, result: { ...result, status: 'refused', document: { notebook: input.path } } };
  }
  const engine = findEngineHere(host, parsed, asked);
  if (!engine.ok || engine.value.runner === undefined || engine.value.lock !== undefined) return engine;
  const fetched = importsOf(input.bundle).find(({ specifier }) => !/^(?:node:|\.{0,2}\/)/.test(specifier));
  if (fetched === undefined) return engine;
  const message = `There is no lock beside ${input.path}, which imports ${fetched.specifier}: every machine would look for its version by itself.`;
  return { ok: false, result: usage(message, `Write one with cellwright lock ${input.path}.`, 'CW702') };
}

interface Asked {
  readonly input: Input;
  readonly what: string;
  /** A lock that was named. */
  readonly lock?: string | undefined;
}

/** What steps need for the kernel of a notebook. */
export function needsOf(parsed: ParsedArguments, { bundle }: Input): StepNeeds {
  return languageOfNotebook(bundle.notebook.language).stepsOf(kernelOf(parsed, bundle));
}

/** The same for steps on a machine that has the notebook's folder. */
export function findEngineHere(
  host: Host,
  parsed: ParsedArguments,
  { input, lock: named }: Omit<Asked, 'what'>,
): Outcome<StepEngine> {
  const { files, programs, takesValues } = needsOf(parsed, input);
  if (programs.length === 0) return { ok: true, value: { files: [], runner: undefined, lock: undefined, takesValues } };
  const worker = files.map((name) => ({
    path: `bundle/worker/${name}`,
    text: readFileSync(path.join(host.installation, name), 'utf8'),
  }));
  const found = lockOf(host, parsed, { input, named });
  if (!found.ok) return found;
  const lock = found.value;
  const digest = lock === undefined ? undefined : digestOf(lock.text);
  const ran = readLastRun(stateOf(host, parsed, input))?.language?.engine;
  const runner: CellRunner = {
    programs: programs.map((name) => (ran?.name === name ? { name, version: ran.version } : { name })),
    ...(digest === undefined ? {} : { lock: digest }),
  };
  const locked = lock === undefined ? [] : [{ path: 'bundle/deno.lock', text: lock.text }];
  return { ok: true, value: { files: [...worker, ...locked], runner, lock, takesValues } };
}

function lockOf(
  host: Host,
  parsed: ParsedArguments,
  { input, named }: { readonly input: Input; readonly named: string | undefined },
): Outcome<LockText | undefined> {
  const locks = moduleLocksOf(parsed, input);
  // Packages that lie beside the notebook are where they are.
  const file = locks?.entryOf === undefined ? undefined : findModuleLock(locks, input);
  if (named !== undefined) return openModuleLock(host, path.resolve(host.cwd, named));
  return file === undefined ? { ok: true, value: undefined } : openModuleLock(host, file);
}

/** Of a file's text, `sha256:…`. */
export function digestOf(content: string | Uint8Array): `sha256:${string}` {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
