/** Which interpreter a run is given. */

/** What is known of it, from several sides. */
export interface InterpreterHints {
  /** The setting `cellwright.python`. */
  readonly setting: string;
  /** That of the kernel which is selected in the notebook, as the Jupyter extension tells it. */
  readonly selected: string | undefined;
  /** The kernel that the notebook names. */
  readonly kernelName: string | undefined;
  /** The interpreter that is chosen for the folder, as the Python extension tells it. */
  readonly ofFolder: string | undefined;
}

/** Names that every kernel of an environment's own Python has: they do not say which environment. */
const saysNothing: ReadonlySet<string> = new Set(['python3', 'python', 'python2']);

/**
 * Arguments for the command line; none when it is to find the interpreter by itself, from the kernel that the notebook names.
 * The order: what a person set, what is selected in the notebook, what the notebook names, what is chosen for the folder.
 */
export function interpreterArguments(hints: InterpreterHints): readonly string[] {
  if (hints.setting !== '') return ['--python', hints.setting];
  if (hints.selected !== undefined) return ['--python', hints.selected];
  if (hints.kernelName !== undefined && !saysNothing.has(hints.kernelName)) return [];
  return hints.ofFolder === undefined ? [] : ['--python', hints.ofFolder];
}
