/** A line that both texts have, or one of them. */
export interface LineStep {
  readonly kind: 'both' | 'before' | 'now';
  readonly line: string;
}

/** Longer texts are told as a whole: to compare each line with each takes too long. */
const mostLines = 1500;

/** How a text became another one, line by line: the longest run of lines that both have in one order stays. */
export function compareLines(before: string, now: string): readonly LineStep[] {
  const [old, fresh] = [before.split('\n'), now.split('\n')];
  if (old.length > mostLines || fresh.length > mostLines) {
    const all = (kind: 'before' | 'now', lines: readonly string[]): LineStep[] => lines.map((line) => ({ kind, line }));
    return [...all('before', old), ...all('now', fresh)];
  }
  const lengths = longestCommon(old, fresh);
  const steps: LineStep[] = [];
  let [row, column] = [0, 0];
  while (row < old.length || column < fresh.length) {
    const [mine, theirs] = [old[row], fresh[column]];
    if (mine !== undefined && mine === theirs) {
      steps.push({ kind: 'both', line: mine });
      row++;
      column++;
    } else if (mine !== undefined && at(lengths, row + 1, column) >= at(lengths, row, column + 1)) {
      steps.push({ kind: 'before', line: mine });
      row++;
    } else {
      steps.push({ kind: 'now', line: theirs ?? '' });
      column++;
    }
  }
  return steps;
}

function at(lengths: readonly Uint16Array[], row: number, column: number): number {
  return lengths[row]?.[column] ?? (row < lengths.length ? -1 : 0);
}

function longestCommon(old: readonly string[], fresh: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint16Array(fresh.length + 1));
  for (let row = old.length - 1; row >= 0; row--) {
    const line = lengths[row];
    for (let column = fresh.length - 1; line !== undefined && column >= 0; column--) {
      const diagonal = (lengths[row + 1]?.[column + 1] ?? 0) + 1;
      line[column] =
        old[row] === fresh[column] ? diagonal : Math.max(lengths[row + 1]?.[column] ?? 0, line[column + 1] ?? 0);
    }
  }
  return lengths;
}

/** As `diff -u` shows it, without its head: three lines around each change, `…` where more are left out. */
export function unifiedLines(steps: readonly LineStep[]): readonly string[] {
  const near = 3;
  const shown = steps.map((_, place) => {
    return steps.slice(Math.max(0, place - near), place + near + 1).some(({ kind }) => kind !== 'both');
  });
  const mark = { both: ' ', before: '-', now: '+' } as const;
  return steps.flatMap(({ kind, line }, place) => {
    if (shown[place] === true) return [`${mark[kind]} ${line}`];
    return shown[place - 1] === true ? ['…'] : [];
  });
}
