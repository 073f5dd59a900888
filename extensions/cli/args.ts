import type { ForPython } from './python-only.ts';

/** A thin table of flags: papermill's `-p NAME VALUE` takes two words, which `node:util` cannot read. */

/** One flag of a command. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Other long names that people know from other tools. */
  readonly aliases?: readonly string[];
  /** Names of the words it takes; none for a switch. */
  readonly values: readonly string[];
  /** True when its last word may be empty text. */
  readonly mayBeEmpty?: boolean;
  readonly help: string;
}

/** A command line, read. Every use of a flag is kept, in order. */
export interface ParsedArguments {
  readonly positionals: readonly string[];
  readonly uses: readonly { readonly flag: string; readonly values: readonly string[] }[];
  /** The command, where it is for notebooks in Python alone. */
  readonly forPython?: ForPython | undefined;
}

/** Why a command line cannot be read, in one sentence. */
export interface UsageError {
  readonly message: string;
  readonly help: string;
}

/** Either what was asked for, or why it cannot be understood. */
export type Parsed =
  { readonly ok: true; readonly value: ParsedArguments } | { readonly ok: false; readonly error: UsageError };

/**
 * Reads the words after the command. `--name=value`, `-j4` and `--` are understood.
 * @param advice what to do instead of flags that other tools have
 */
export function parseArguments(
  words: readonly string[],
  flags: readonly Flag[],
  advice: Readonly<Record<string, string>> = {},
): Parsed {
  const positionals: string[] = [];
  const uses: { flag: string; values: readonly string[] }[] = [];
  for (let place = 0; place < words.length; place++) {
    const word = words[place] ?? '';
    if (word === '--') {
      positionals.push(...words.slice(place + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word);
      continue;
    }
    const { name, attached } = splitFlag(word);
    const flag = flags.find((candidate) => matches(candidate, name));
    if (flag === undefined) return { ok: false, error: unknownFlag(name, flags, advice) };
    const values = attached === undefined ? [] : [attached];
    while (values.length < flag.values.length && place + 1 < words.length) values.push(words[++place] ?? '');
    const problem = misuse(name, values, flag);
    if (problem !== undefined) return { ok: false, error: problem };
    uses.push({ flag: flag.name, values });
  }
  return { ok: true, value: { positionals, uses } };
}

function misuse(name: string, values: readonly string[], flag: Flag): UsageError | undefined {
  if (flag.values.length === 0 && values.length > 0) {
    return {
      message: `${name} takes no value.`,
      help: 'Leave out what stands behind it, or write it as an option of its own.',
    };
  }
  const wanted = flag.values.join(' ');
  if (values.length !== flag.values.length) {
    return { message: `${name} takes ${wanted}.`, help: 'Add what is missing, or see --help.' };
  }
  const needed = flag.mayBeEmpty === true ? values.slice(0, -1) : values;
  if (!needed.includes('')) return undefined;
  return {
    message: `${name} takes ${wanted}, which is empty here.`,
    help: 'Perhaps a variable of the shell is not set.',
  };
}

function splitFlag(word: string): { name: string; attached: string | undefined } {
  if (word.startsWith('--')) {
    const equals = word.indexOf('=');
    return equals < 0
      ? { name: word, attached: undefined }
      : { name: word.slice(0, equals), attached: word.slice(equals + 1) };
  }
  return { name: word.slice(0, 2), attached: word.length > 2 ? word.slice(2) : undefined };
}

function matches(flag: Flag, name: string): boolean {
  if (name === `--${flag.name}`) return true;
  if (flag.short !== undefined && name === `-${flag.short}`) return true;
  return flag.aliases?.some((alias) => name === `--${alias}`) ?? false;
}

function unknownFlag(name: string, flags: readonly Flag[], advice: Readonly<Record<string, string>>): UsageError {
  const known = Object.hasOwn(advice, name) ? advice[name] : undefined;
  if (known !== undefined) return { message: `There is no option ${name}.`, help: known };
  const near = nearest(
    name,
    flags.map((flag) => `--${flag.name}`),
  );
  return {
    message: `There is no option ${name}.`,
    help: near === undefined ? 'See --help for the options.' : `Did you mean ${near}?`,
  };
}

/** The last value of a flag that takes one word. */
export function lastValue(parsed: ParsedArguments, flag: string): string | undefined {
  return parsed.uses.findLast((use) => use.flag === flag)?.values[0];
}

/** True when a switch was given. */
export function hasFlag(parsed: ParsedArguments, flag: string): boolean {
  return parsed.uses.some((use) => use.flag === flag);
}

/** The known word that a misspelt one most probably meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    // A word of which no letter is left was not meant.
    if (distance < bestDistance && distance < Math.max(word.length, candidate.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row++) {
    const line: number[] = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min(
        (rows[row - 1]?.[column] ?? 0) + 1,
        (line[column - 1] ?? 0) + 1,
        (rows[row - 1]?.[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, (rows[row - 2]?.[column - 2] ?? 0) + 1);
      }
      line.push(cost);
    }
    rows.push(line);
  }
  return rows[left.length]?.[right.length] ?? 0;
}
