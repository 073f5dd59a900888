import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { Bundle, Task } from '../../compiler/bundle/format.ts';
import { homedir, userInfo } from 'node:os';
import { runtimeOf } from '../languages/registry.ts';
import type { RunRecord } from '../record.ts';
import type { TaskOutcome } from '../run-state.ts';
import type { ExecutedNotebook } from '../verify/compare.ts';
import { chanceOf } from '../verify/chance.ts';
import type { EnvironmentDescription } from './environment.ts';
import { recordFiles } from './files.ts';
import type { Facts, RecordedCell, RecordedEnvironment } from './format.ts';
import { isUnstable, readOutputs, recordOutputs, type Outputs } from './outputs.ts';
import { findPlaceWords, type PlaceWords } from './places.ts';
import { digestOfText } from './read.ts';
import { recordVariables } from './variables.ts';

/** Runs of one notebook, and what they were made on. */
export interface Witnessed {
  /** Base name of the notebook's file. */
  readonly name: string;
  readonly bundle: Bundle;
  readonly parameters: Facts['parameters'];
  /** The notebook's folder, absolute. */
  readonly folder: string;
  /** Where the cells ran. */
  readonly cwd: string;
  /** The kernel by whose ways they ran. */
  readonly kernel: string;
  readonly environment: EnvironmentDescription;
  /** The compiled run. */
  readonly record: RunRecord;
  /** Runs in a Jupyter kernel. */
  readonly plain: readonly ExecutedNotebook[];
}

/** What a certificate says, and what every cell showed in the compiled run. */
export interface Witness {
  readonly facts: Facts;
  /** By the place of the cell in `facts.cells`. */
  readonly outputs: readonly Outputs[];
}

/** Puts together what is to be certified, or compared with a certificate. */
export function gatherFacts(witnessed: Witnessed): Witness {
  const { bundle, record, environment, name, parameters, cwd } = witnessed;
  const words = wordsOf(witnessed);
  const outcomes = record.tasks.filter(({ task }) => task.executionCount > 0);
  const results = outcomes.map(({ result }) => result);
  const { files, byCell } = recordFiles(results, words, environment.caches ?? []);
  const read = outcomes.map((outcome) => variablesOf(outcome));
  const variables = recordVariables(new Set(read.flat()), environment.variables);
  const known = new Set(variables.map((variable) => variable.name));
  const runs = [...witnessed.plain, JSON.parse(record.notebook) as ExecutedNotebook];
  const shown = outcomes.map(({ task }) => outputsOf(runs, task, words));
  const cells = outcomes.map((outcome, place): RecordedCell => {
    const { task } = outcome;
    const outputs = recordOutputs(shown[place] ?? []);
    const verdict = verdictOf(outcome, outputs);
    return {
      id: task.id,
      name: task.name,
      number: task.executionCount,
      source: digestOfText(task.source),
      code: task.code,
      verdict,
      cause: verdict === 'unstable' ? (chanceOf(task)?.what ?? 'an input that differs from run to run') : '',
      ...outputs,
      needs: needsOf(bundle, task),
      packages: packagesOf(outcome, witnessed),
      files: byCell[place] ?? [],
      variables: (read[place] ?? []).filter((variable) => known.has(variable)),
    };
  });
  const code = digestOfText(canonicalJson(cells.map(({ source }) => source)));
  const notebook = { name, code, folder: words.pathOf(cwd) };
  const recorded = describe(environment, { cells, variables });
  return {
    facts: { notebook, parameters, cells, files, environment: recorded },
    outputs: shown.map((runs) => runs.at(-1) ?? []),
  };
}

function wordsOf({ folder, cwd, environment }: Witnessed): PlaceWords {
  const { path, library, prefixes, variables } = environment;
  return findPlaceWords({
    notebook: folder,
    cwd,
    packages: path.filter((entry) => entry !== library && !entry.startsWith(`${library}/lib-dynload`)),
    library,
    // What belongs to the system is not the interpreter's own.
    python: prefixes.filter((prefix) => !/^\/usr(?:\/local)?$/.test(prefix)),
    home: variables['HOME'] ?? homedir(),
    user: userInfo().username,
  });
}

/** What each run gave for a cell. */
function outputsOf(runs: readonly ExecutedNotebook[], task: Task, words: PlaceWords): readonly Outputs[] {
  return runs.map((notebook) => readOutputs(notebook.cells[task.index]?.outputs ?? [], (text) => words.hide(text)));
}

function verdictOf({ status }: TaskOutcome, outputs: Pick<RecordedCell, 'ends' | 'outputs'>): RecordedCell['verdict'] {
  if (status === 'not-run') return 'not run';
  if (isUnstable(outputs)) return 'unstable';
  return status === 'failed' ? 'raises' : 'equal';
}

/** Those that were read by name. Who goes through all of them depends on the machine, of which nothing is written down. */
function variablesOf({ result }: TaskOutcome): readonly string[] {
  return Object.entries(result?.variables ?? {})
    .flatMap(([name, digest]) => (name === '*' || digest === 'absent' ? [] : [name]))
    .sort();
}

function needsOf(bundle: Bundle, task: Task): readonly string[] {
  const earlier = new Set(bundle.edges.filter(({ to }) => to === task.id).map(({ from }) => from));
  return bundle.tasks.filter(({ id }) => earlier.has(id)).map(({ name }) => name);
}

/** Distributions of the modules that a cell's text imports, or that it turned out to import. */
function packagesOf({ task, result }: TaskOutcome, { bundle, kernel, environment }: Witnessed): readonly string[] {
  const modules = runtimeOf(bundle.notebook.language).importedBy(task, result?.imported ?? [], kernel);
  return environment.packages
    .filter((distribution) => distribution.modules.some((module) => modules.has(module)))
    .map(({ name }) => name);
}

function describe(
  { python, platform, packages }: EnvironmentDescription,
  { cells, variables }: { cells: readonly RecordedCell[]; variables: RecordedEnvironment['variables'] },
): RecordedEnvironment {
  const used = new Set(cells.flatMap((cell) => cell.packages));
  return {
    python,
    platform,
    packages: packages.map(({ name, version, integrity }) => ({
      name,
      version,
      ...(integrity !== undefined && { integrity }),
      imported: used.has(name),
    })),
    variables,
  };
}
