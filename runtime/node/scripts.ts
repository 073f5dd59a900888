import type { OutputMessage } from '../process/protocol.ts';
import type { Script } from '../../compiler/bundle/format.ts';
import { originalPlace, readMappings, type Segment } from './source-map.ts';

type ErrorOutput = Omit<Extract<OutputMessage, { kind: 'error' }>, 'kind'>;

interface Known {
  readonly mappings: readonly (readonly Segment[])[];
  /** Letters before the text on its first line. */
  readonly shift: number;
  /** The line, from 0, for which all of the text stands. */
  readonly standsFor: number | undefined;
}

/** The texts of cells that this process has run. */
export class Scripts {
  readonly #known = new Map<string, Known>();
  #latest = '';

  /** What the engine is to run for a cell. */
  add(executionCount: number, script: Script, prefix: string): string {
    const name = `cell-${String(executionCount)}.ts`;
    const { standsFor } = script;
    this.#known.set(name, { mappings: readMappings(script.mappings), shift: prefix.length, standsFor });
    this.#latest = name;
    return `${prefix}${script.text}\n//# sourceURL=${name}`;
  }

  /** True for a place that the line of a whole cell stands for. */
  #standsIn(line: string): boolean {
    return [...this.#known].some(
      ([name, { standsFor }]) =>
        standsFor !== undefined && line === `    at cell ${name.slice(5, -3)}:${String(standsFor + 1)}:1`,
    );
  }

  /** The lines of a stack that are in cells; of those that one line stands for, one. */
  translateAll(lines: readonly string[]): readonly string[] {
    const translated = lines.flatMap((line) => this.translate(line) ?? []);
    return translated.filter((line, place) => line !== translated[place - 1] || !this.#standsIn(line));
  }

  /** A line of a stack as a reader of the notebook knows the place; undefined when it is in no cell. */
  translate(line: string): string | undefined {
    const found = /^(.*?)\b(cell-\d+\.ts|<anonymous>):(\d+):(\d+)\)?$/.exec(line);
    if (found === null) return undefined;
    const [, before = '', file = '', row = '0', column = '0'] = found;
    const name = file === '<anonymous>' ? this.#latest : file;
    const known = this.#known.get(name);
    if (known === undefined) return undefined;
    const cell = name.slice('cell-'.length, -'.ts'.length);
    if (known.standsFor !== undefined) return `    at cell ${cell}:${String(known.standsFor + 1)}:1`;
    const at = { line: Number(row) - 1, column: Number(column) - 1 - (row === '1' ? known.shift : 0) };
    const place = originalPlace(known.mappings, at);
    if (place === undefined) return undefined;
    const shown = `cell ${cell}:${String(place.line + 1)}:${String(place.column + 1)}`;
    return before.endsWith('(') ? `${before}${shown})` : `${before}${shown}`;
  }
}

interface Frame {
  getFileName(): string | null | undefined;
  getScriptNameOrSourceURL?(): string | null | undefined;
  toString(): string;
}

/** Frames of what runs the cells, which a kernel has outside of the engine. */
const ours = /\/node\/worker\.mjs|ext:deno_node\/inspector\.js|^node:inspector|\$deno\$eval\.|\[eval\d*\]/;

const ofCell = /^cell-\d+\.ts$/;

/** Lets stacks end where the cell begins. */
export function hideOwnFrames(): void {
  const prepare = (error: unknown, frames: readonly Frame[]): string => {
    const isOurs = (frame: Frame): boolean =>
      ours.test(frame.getFileName() ?? frame.getScriptNameOrSourceURL?.() ?? '');
    // An import waits in what runs the cells, with the cell behind it.
    const lastOfCell = frames.findLastIndex((frame) => ofCell.test(frame.getScriptNameOrSourceURL?.() ?? ''));
    const end = frames.findIndex((frame, place) => place > lastOfCell && isOurs(frame));
    const shown = (end < 0 ? frames : frames.slice(0, end)).filter((frame) => !isOurs(frame));
    return [headOf(error), ...shown.map((frame) => `    at ${String(frame)}`)].join('\n');
  };
  Object.defineProperty(Error, 'prepareStackTrace', { value: prepare, writable: true, configurable: true });
}

function headOf(error: unknown): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

/** What a cell threw, as an output. */
export function describeThrown(value: unknown, scripts: Scripts): ErrorOutput {
  if (!isError(value)) return { ename: 'Error', evalue: textOf(value), traceback: [''] };
  const ename = textOf(value.name);
  const evalue = textOf(value.message);
  const stack = typeof value.stack === 'string' ? value.stack : `${ename}: ${evalue}`;
  const lines = stack.split('\n');
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  if (first < 0) return { ename, evalue, traceback: lines };
  const frames = scripts.translateAll(lines.slice(first));
  return { ename, evalue, traceback: [...lines.slice(0, first), ...frames] };
}

/** True for what has a message and a stack. */
export function isError(
  value: unknown,
): value is { readonly name: unknown; readonly message: unknown; readonly stack: unknown } {
  return typeof value === 'object' && value !== null && 'message' in value && 'stack' in value;
}

/** As text, whatever it is. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return '[object]';
  }
}
