import type { Diagnostic, Result } from '../../compiler/bundle/diagnostic.ts';
import { callUv, reasonOf, type Uv } from './uv.ts';

/** What is asked of the index. */
export interface HashQuestion {
  /** The interpreter for which files are wanted. */
  readonly executable: string;
  readonly pins: readonly { readonly name: string; readonly version: string }[];
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the index for the files of these versions and their hashes; gives uv's `pylock.toml`. */
export async function askHashes(uv: Uv, asked: HashQuestion): Promise<Result<string>> {
  if (asked.pins.length === 0)
    return { ok: true, value: 'lock-version = "1.0"\ncreated-by = "nobody"\npackages = []\n' };
  const answer = await ask(uv, asked);
  if (answer.code === 0) return { ok: true, value: answer.out };
  if (asked.signal?.aborted === true) return { ok: false, error: [] };
  // One after another, to say which it is: uv names the first.
  const absent: string[] = [];
  for (const pin of asked.pins) {
    const alone = await ask(uv, { ...asked, pins: [pin] });
    if (alone.code !== 0 && /unsatisfiable/.test(alone.said)) {
      absent.push(`${pin.name} ${pin.version}`);
    } else if (alone.code !== 0) {
      return refuse(`The package index does not answer: ${reasonOf(alone.said)}.`, setIndex);
    }
  }
  if (absent.length === 0) return refuse(`uv cannot lock: ${reasonOf(answer.said)}.`, setIndex);
  const are = absent.length === 1 ? 'is' : 'are';
  return refuse(`${absent.join(', ')} ${are} installed, and not on the package index.`, setIndex);
}

/** What requirements stand for today, with the files of each and their hashes; gives uv's `pylock.toml`. */
export async function resolveRequirements(
  uv: Uv,
  asked: {
    /** As PEP 508 writes them. */
    readonly requirements: readonly string[];
    /** A path, or a version specifier. */
    readonly python: string;
    readonly cwd: string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Result<string>> {
  const { requirements, python, cwd, signal } = asked;
  const input = requirements.map((line) => `${line}\n`).join('');
  const words = [
    'pip',
    'compile',
    '-',
    '--format',
    'pylock.toml',
    '--generate-hashes',
    '--no-header',
    '--python',
    python,
  ];
  const answer = await callUv(uv, words, { cwd, input, signal });
  if (answer.code === 0) return { ok: true, value: answer.out };
  return refuse(
    `The script metadata cannot be resolved: ${reasonOf(answer.said)}.`,
    'Change the requirements, or the index.',
  );
}

const setIndex =
  'Install a version that the index has; UV_INDEX names a further index, and the settings of pip are not read.';

function refuse(message: string, help: string): Result<never> {
  const diagnostic: Diagnostic = { code: 'CW705', severity: 'error', message, help, related: [] };
  return { ok: false, error: [diagnostic] };
}

async function ask(uv: Uv, { executable, pins, cwd, signal }: HashQuestion): ReturnType<typeof callUv> {
  const input = pins.map(({ name, version }) => `${name}==${version}\n`).join('');
  const words = ['pip', 'compile', '-', '--no-deps', '--format', 'pylock.toml', '--generate-hashes', '--no-header'];
  return await callUv(uv, [...words, '--no-sources', '--python', executable], { cwd, input, signal });
}
