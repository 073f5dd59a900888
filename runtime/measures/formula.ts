import type { Formula } from '../../compiler/bundle/format.ts';
import type { Measure, Slice } from '../process/protocol.ts';
import type { GateVerdict } from './verdict.ts';

/** What a formula is computed from. */
export interface Records {
  readonly metrics: Readonly<Record<string, Measure>>;
  /** What stands under a name in place of a number. */
  readonly unmeasured: Readonly<Record<string, string>>;
  readonly slice: (metric: string, column: string) => Slice | undefined;
  /** A metric of the last accepted run that has it. */
  readonly previous: (metric: string) => { readonly value: Measure; readonly run: string } | undefined;
}

/** A number that cannot be had, so that the gate cannot be shown to hold. */
class Missing extends Error {}

/** Judges a condition that is a formula. What no earlier run tells leaves a comparison open, and an open condition holds. */
export function judgeFormula(condition: string, formula: Formula, records: Records): GateVerdict {
  const sheet = new Sheet(records);
  try {
    const answer = sheet.truth(formula);
    const why = sheet.unknown.length === 0 ? '' : `no accepted run has ${sheet.unknown.join(', ')} yet`;
    return { condition, holds: answer !== false, values: sheet.seen, why };
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return { condition, holds: false, values: sheet.seen, why: error.message };
  }
}

/** A measure as a number of JavaScript. */
export function asNumber(measure: Measure): number {
  return Number(measure);
}

/** A number for people: no more digits than tell. */
export function showMeasure(measure: Measure): string {
  const value = asNumber(measure);
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(6)));
}

class Sheet {
  readonly seen: Record<string, string> = {};
  readonly unknown: string[] = [];
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Undefined: open, because an earlier run would have to tell. */
  truth(formula: Formula): boolean | undefined {
    switch (formula.kind) {
      case 'comparison':
        return this.#comparison(formula);
      case 'not': {
        const inner = this.truth(formula.of);
        return inner === undefined ? undefined : !inner;
      }
      case 'and':
      case 'or': {
        const decisive = formula.kind === 'or';
        const parts = formula.of.map((part) => this.truth(part));
        if (parts.includes(decisive)) return decisive;
        return parts.includes(undefined) ? undefined : !decisive;
      }
      default: {
        const value = this.#number(formula);
        return value === undefined ? undefined : value !== 0;
      }
    }
  }

  #comparison({ operators, of }: Formula & { readonly kind: 'comparison' }): boolean | undefined {
    const values = of.map((part) => this.#number(part));
    const answers = operators.map((operator, place) => compare(operator, values[place], values[place + 1]));
    if (answers.includes(false)) return false;
    return answers.includes(undefined) ? undefined : true;
  }

  #number(formula: Formula): number | undefined {
    switch (formula.kind) {
      case 'number':
        return formula.value;
      case 'metric':
        return this.#metric(formula.name);
      case 'previous':
        return this.#previous(formula.name);
      case 'groups':
        return this.#groups(formula);
      case 'negative': {
        const value = this.#number(formula.of);
        return value === undefined ? undefined : -value;
      }
      case 'call':
      case 'arithmetic': {
        const values = formula.of.map((part) => this.#number(part));
        if (values.includes(undefined)) return undefined;
        return compute(formula.kind === 'call' ? formula.name : formula.operator, values as number[]);
      }
      default: {
        const value = this.truth(formula);
        return value === undefined ? undefined : Number(value);
      }
    }
  }

  #metric(name: string): number {
    const value = this.#records.metrics[name];
    if (value === undefined) {
      const what = this.#records.unmeasured[name] ?? 'not recorded';
      throw new Missing(`it cannot be judged, since ${name} is ${what}`);
    }
    this.seen[name] = showMeasure(value);
    return asNumber(value);
  }

  #previous(name: string): number | undefined {
    const found = this.#records.previous(name);
    if (found === undefined) {
      if (!this.unknown.includes(`previous.${name}`)) this.unknown.push(`previous.${name}`);
      return undefined;
    }
    this.seen[`previous.${name}`] = `${showMeasure(found.value)} (run ${found.run})`;
    return asNumber(found.value);
  }

  #groups({ take, metric, column }: Formula & { readonly kind: 'groups' }): number {
    const words = `${take}(${metric}, ${column})`;
    const groups = this.#records.slice(metric, column)?.groups ?? [];
    const known = groups
      .flatMap(({ group, value }) => (value === null ? [] : [{ group, value: asNumber(value) }]))
      .filter(({ value }) => !Number.isNaN(value))
      .sort((left, right) => left.value - right.value);
    const [least, most] = [known[0], known.at(-1)];
    if (least === undefined || most === undefined)
      throw new Missing(`it cannot be judged, since ${metric} is not recorded for any ${column}`);
    const value = take === 'max_gap' ? most.value - least.value : (take === 'group_min' ? least : most).value;
    const ends = take === 'max_gap' ? [most, least] : [take === 'group_min' ? least : most];
    this.seen[words] =
      `${showMeasure(value)} (${ends.map((end) => `${end.group} ${showMeasure(end.value)}`).join(', ')})`;
    return value;
  }
}

function compare(operator: string, left: number | undefined, right: number | undefined): boolean | undefined {
  // What is no number is in no order with any other, whatever an earlier run would tell.
  if ((Number.isNaN(left) || Number.isNaN(right)) && operator !== '!=') return false;
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '==':
      return left === right;
    default:
      return left !== right;
  }
}

function compute(name: string, values: readonly number[]): number {
  const [left = Number.NaN, right = Number.NaN] = values;
  switch (name) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case 'abs':
      return Math.abs(left);
    case 'min':
      return Math.min(...values);
    default:
      return Math.max(...values);
  }
}
