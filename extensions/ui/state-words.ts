import type { CellStateName } from './panel.ts';

/** How a state is told: in words, as a letter, and by the class that gives its colour. */
export interface StateWords {
  readonly letter: string;
  readonly words: string;
  /** One sentence for the legend. */
  readonly meaning: string;
}

/** Each state with a letter of its own, so that no colour is needed to tell them apart. */
export const stateWords: Readonly<Record<CellStateName, StateWords>> = {
  unknown: { letter: '·', words: 'not known', meaning: 'Nothing is known of earlier runs.' },
  'will-run': { letter: 'W', words: 'will run', meaning: 'The next run executes it.' },
  cached: { letter: 'C', words: 'cached', meaning: 'The result of an earlier run is used again.' },
  running: { letter: 'R', words: 'running', meaning: 'It is being executed.' },
  done: { letter: 'D', words: 'done', meaning: 'It was executed and came to its end.' },
  failed: { letter: 'F', words: 'failed', meaning: 'It raised an error.' },
  gated: { letter: 'G', words: 'gate does not hold', meaning: 'A condition of its gate does not hold.' },
  fused: {
    letter: 'P',
    words: 'done in the process of an earlier cell',
    meaning: 'It needs what only the process of an earlier cell has, and ran there.',
  },
  'not-run': {
    letter: 'N',
    words: 'not run',
    meaning: 'It was left out, because an earlier cell did not come to its end.',
  },
  unused: { letter: 'U', words: 'unused', meaning: 'It is empty or its tag leaves it out: it is never executed.' },
  stale: { letter: 'S', words: 'stale', meaning: 'It was edited since it ran; the next run executes it.' },
  refused: { letter: 'X', words: 'refused', meaning: 'It cannot be compiled as it is.' },
};

/** Seconds as people say them. */
export function sayDuration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Bytes as people say them. */
export function sayBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit] ?? ''}`;
}

/** When something was, for people: the time today, else the day and the time. */
export function sayTime(milliseconds: number, now: number): string {
  const then = new Date(milliseconds);
  const time = then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  if (then.toDateString() === new Date(now).toDateString()) return time;
  return `${then.toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' })}, ${time}`;
}

/** A list for people: `a, b and c`. */
export function sayList(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}
