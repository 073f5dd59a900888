import type { ParameterValue } from './parameters.ts';
import { PythonNumber } from './python-literal.ts';

/** `FROM..TO` or `FROM..TO..STEP` as the values that it stands for, why it stands for none, or undefined when the word is no range. */
export function readRange(word: string): readonly ParameterValue[] | string | undefined {
  const [, from, to, by] = /^(.+?)\.\.(.+?)(?:\.\.(.+))?$/.exec(word) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const unit = units.find(({ pattern }) => pattern.test(from) && pattern.test(to));
  if (unit === undefined) return undefined;
  const step = by === undefined ? 1 : Number(by);
  if (!Number.isInteger(step) || step < 1) return `The step of a range is a whole number from 1, not ${by ?? ''}.`;
  const [first, last] = [unit.read(from), unit.read(to)];
  if (first === undefined || last === undefined) return `${first === undefined ? from : to} is no ${unit.name}.`;
  const number = Math.floor(Math.abs(last - first) / step) + 1;
  if (number > mostValues) return `${word} is ${number} values; at most ${mostValues} can be run.`;
  const way = last < first ? -step : step;
  return Array.from({ length: number }, (_, place) => unit.write(first + place * way));
}

const mostValues = 100_000;
const dayLength = 24 * 60 * 60 * 1000;

/** A kind of values that follow each other, each with a number. */
interface Unit {
  readonly name: string;
  readonly pattern: RegExp;
  /** Undefined for one that there is not, such as month 13. */
  readonly read: (word: string) => number | undefined;
  readonly write: (number: number) => ParameterValue;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function dayOf(year: number, month: number, day: number): Date {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

function writeDay(date: Date): string {
  return `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** The Monday of a week as ISO 8601 counts them: the first has January 4. */
function mondayOf(year: number, week: number): number {
  const fourth = dayOf(year, 1, 4);
  return fourth.getTime() / dayLength - ((fourth.getUTCDay() + 6) % 7) + (week - 1) * 7;
}

/** January 5, 1970, in days since the first. */
const firstMonday = 4;

function writeWeek(monday: number): string {
  const thursday = new Date((monday + 3) * dayLength);
  const year = thursday.getUTCFullYear();
  const week = Math.round((monday - mondayOf(year, 1)) / 7) + 1;
  return `${String(year).padStart(4, '0')}-W${two(week)}`;
}

const units: readonly Unit[] = [
  {
    name: 'day',
    pattern: /^\d{4}-\d\d-\d\d$/,
    read: (word) => {
      const [year = 0, month = 0, day = 0] = word.split('-').map(Number);
      const date = dayOf(year, month, day);
      return writeDay(date) === word ? date.getTime() / dayLength : undefined;
    },
    write: (number) => writeDay(new Date(number * dayLength)),
  },
  {
    name: 'month',
    pattern: /^\d{4}-\d\d$/,
    read: (word) => {
      const [year = 0, month = 0] = word.split('-').map(Number);
      return month >= 1 && month <= 12 ? year * 12 + month - 1 : undefined;
    },
    write: (number) => `${String(Math.floor(number / 12)).padStart(4, '0')}-${two((number % 12) + 1)}`,
  },
  {
    name: 'week',
    pattern: /^\d{4}-W\d\d$/,
    read: (word) => {
      const [year = 0, week = 0] = word.split('-W').map(Number);
      const monday = mondayOf(year, week);
      return writeWeek(monday) === word ? (monday - firstMonday) / 7 : undefined;
    },
    write: (number) => writeWeek(number * 7 + firstMonday),
  },
  {
    name: 'whole number',
    pattern: /^[+-]?\d+$/,
    read: (word) => (Number.isSafeInteger(Number(word)) ? Number(word) : undefined),
    write: (number) => new PythonNumber('int', String(number)),
  },
];
