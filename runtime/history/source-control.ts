import { execFile } from 'node:child_process';
import type { Variables } from '../variables.ts';

/** The state of the git repository that the notebook is in. */
export interface SourceControl {
  /** Of `HEAD`, 40 hexadecimal digits. */
  readonly commit: string;
  /** Undefined when no branch is checked out. */
  readonly branch?: string | undefined;
  /**
   * Files that differ from the commit, or that it does not have, relative to the repository; at most {@link mostChanges}. Undefined
   * when git did not say in time.
   */
  readonly changed?: readonly string[] | undefined;
  /** True when more than those differ. */
  readonly more: boolean;
}

/** So many changed files are named. */
export const mostChanges = 100;

const longest = 10_000;

/** Asks git about a folder while the run goes on. Nothing is written, and nothing that the repository configures is started. */
export class SourceControlQuestion {
  readonly #commit: Promise<string | undefined>;
  readonly #branch: Promise<string | undefined>;
  readonly #changes: Promise<string | undefined>;
  readonly #ended = new AbortController();

  constructor(folder: string, variables: Variables) {
    const ask = async (...words: readonly string[]): Promise<string | undefined> =>
      await git(folder, words, { variables, signal: this.#ended.signal });
    this.#commit = ask('rev-parse', 'HEAD');
    this.#branch = ask('symbolic-ref', '--short', '-q', 'HEAD');
    this.#changes = ask('status', '--porcelain=v1', '-z', '--no-renames');
  }

  /**
   * The answer; undefined when the folder is in no repository, the repository has no commit, or there is no git.
   * @param patience milliseconds for which to wait from now on; a very large repository may take longer
   */
  async answer(patience: number): Promise<SourceControl | undefined> {
    const timer = setTimeout(() => {
      this.#ended.abort();
    }, patience);
    const [commit, branch, changes] = await Promise.all([this.#commit, this.#branch, this.#changes]);
    clearTimeout(timer);
    if (commit === undefined) return undefined;
    const names = changes?.split('\0').flatMap((line) => (line === '' ? [] : [line.slice(3)]));
    return {
      commit: commit.trim(),
      branch: branch?.trim(),
      changed: names?.slice(0, mostChanges),
      more: (names?.length ?? 0) > mostChanges,
    };
  }
}

interface Setting {
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

/** What git prints, or undefined when it fails. */
async function git(
  folder: string,
  words: readonly string[],
  { variables, signal }: Setting,
): Promise<string | undefined> {
  const settings = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-optional-locks'];
  const env = { ...variables, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' };
  const options = { env, signal, timeout: longest, maxBuffer: 16 << 20, encoding: 'utf8' } as const;
  return await new Promise((resolve) => {
    execFile('git', ['-C', folder, ...settings, ...words], options, (error, text) => {
      resolve(error === null ? text : undefined);
    });
  });
}
