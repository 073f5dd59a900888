import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { Bundle, Digest } from '../../compiler/bundle/format.ts';
import type { EnvironmentFound } from '../event.ts';
import { compareWithNow } from '../history/changed-data.ts';
import { dataOf } from '../history/data.ts';
import { describeFile } from '../history/observation.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { findInterpreter } from '../process/interpreter.ts';
import { languageOf } from '../process/language.ts';
import { listPackages } from '../process/search-path.ts';
import { describeStart } from '../start-state.ts';
import { loadDigests, saveDigests } from '../store/digests.ts';
import { openLocalStore } from '../store/local.ts';
import type { Variables } from '../variables.ts';
import type { Frozen, FrozenCell } from './format.ts';

/** What a run was made on, without how that came about. */
export type FrozenFacts = Omit<Frozen, 'formatVersion' | 'made' | 'notebook'>;

/** Where the notebook of a frozen state is, and which of its cells has its parameters. */
export interface NotebookPlace {
  /** Its folder, absolute. */
  readonly folder: string;
  /** True for the cell, by its place, that the parameters were written into. */
  readonly isInjected: (index: number) => boolean;
}

/** Freezes what a recorded run was made on. */
export function freezeRun(run: RecordedRun, { folder, isInjected }: NotebookPlace): FrozenFacts {
  const cells = [...run.tasks.values()].flatMap(({ name, number, index, code }): FrozenCell[] =>
    number === undefined || index === undefined || isInjected(index) ? [] : [{ name, number, code: code as Digest }],
  );
  const inputs = dataOf(run).filter(({ role, ofEnvironment, digest }) => {
    return role === 'input' && !ofEnvironment && digest.startsWith('sha256:');
  });
  const files = inputs.map(({ path, size = 0, digest }) => ({
    path: portable(folder, path),
    size,
    sha256: digest as Digest,
  }));
  return {
    parameters: run.started?.origin.parameters ?? [],
    cells,
    files,
    environment: describe(
      run.environment?.packages ?? [],
      run.language?.version ?? '',
      run.started?.runner.system ?? '',
    ),
  };
}

/** What a run would be made on now. Only the interpreter is started, to say where it looks for packages and its version. */
export function freezeNow(
  {
    bundle,
    frozen,
    parameters,
  }: { readonly bundle: Bundle; readonly frozen: Frozen; readonly parameters: Frozen['parameters'] },
  { folder, isInjected }: NotebookPlace,
  options: {
    readonly state: string;
    readonly cwd: string;
    readonly python: string | undefined;
    readonly kernel: string | undefined;
    readonly environment: Variables;
  },
): FrozenFacts {
  const store = openLocalStore(options.state);
  loadDigests(store);
  const cells = bundle.tasks.flatMap(({ name, executionCount, index, code }) =>
    executionCount === 0 || isInjected(index) ? [] : [{ name, number: executionCount, code }],
  );
  const files = frozen.files.flatMap(({ path }) => {
    const file = resolve(folder, path);
    const { digest, size = 0 } = describeFile(file);
    return digest.startsWith('sha256:') ? [{ path, size, sha256: digest as Digest }] : [];
  });
  saveDigests(store);
  const interpreter = findInterpreter({ ...options, kernel: options.kernel ?? bundle.notebook.kernelName });
  if (frozen.environment === null || interpreter === undefined) return { parameters, cells, files, environment: null };
  const variables = { ...options.environment, ...interpreter.environment };
  const start = describeStart(store, { interpreter, cwd: options.cwd, variables });
  const { packages } = listPackages(store);
  const version = languageOf(interpreter, start.whole, store)?.version ?? '';
  const environment = describe(packages, version, `${process.platform} ${process.arch}`);
  return { parameters, cells, files, environment };
}

/** Inputs of a run that are not what it read any more, by path. */
export function changedSince(state: string, run: RecordedRun): readonly string[] {
  const inputs = dataOf(run).filter(({ role, ofEnvironment }) => role === 'input' && !ofEnvironment);
  const now = compareWithNow(state, inputs);
  return inputs.flatMap(({ path }, place) => (now[place] === 'same' ? [] : [path]));
}

function describe(packages: EnvironmentFound['packages'], version: string, system: string): Frozen['environment'] {
  const [platform = '', machine = ''] = system.split(' ');
  return {
    python: { implementation: 'python', version },
    platform: { system: platform, machine, libc: '' },
    packages: packages.map(({ name, version: installed }) => ({ name, version: installed, imported: false })),
  };
}

/** From the notebook's folder when it is near; a path that only this machine has is named as it is. */
function portable(folder: string, path: string): string {
  const way = relative(folder, path);
  const isFar = isAbsolute(way) || way.startsWith(join('..', '..', '..'));
  return isFar ? path : way.split(sep).join('/');
}
