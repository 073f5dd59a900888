import path from 'node:path';
import type { RecordedRun, RecordedValue } from '../../runtime/index.ts';
import { shownPath } from './files.ts';
import type { Host } from './host.ts';

export { formatBytes, shortDigest } from '../../runtime/index.ts';

/** A recorded parameter's value as Python writes it. */
export function showValue(value: RecordedValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return JSON.stringify(value);
  if ('int' in value) return value.int;
  if ('float' in value) return value.float;
  if ('dict' in value)
    return `{${value.dict.map(({ key, value: item }) => `${JSON.stringify(key)}: ${showValue(item)}`).join(', ')}}`;
  return `[${value.map(showValue).join(', ')}]`;
}

/** `n = 4, city = "nyc"`, the point of a matrix included; empty when none was given. */
export function showParameters({ started }: RecordedRun): string {
  return (started?.origin.parameters ?? []).map(({ name, value }) => `${name} = ${showValue(value)}`).join(', ');
}

/** A moment in the local time of who asks: `2026-11-27 20:21:41`. */
export function showTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

/** The notebook of a run from where somebody stands; empty in logs of an earlier format. */
export function showNotebook(host: Pick<Host, 'cwd'>, { started }: RecordedRun): string {
  const notebook = started?.origin.notebook ?? '';
  return path.isAbsolute(notebook) ? shownPath(host, notebook) : notebook;
}

/** `a1b2c3d`, with what differs from the commit said; empty outside of a repository. */
export function showCommit({ sourceControl }: RecordedRun): string {
  if (sourceControl === undefined) return '';
  const { commit, changed } = sourceControl;
  const state = changed === undefined ? ' unknown' : changed.length > 0 ? ' dirty' : '';
  return `${commit.slice(0, 7)}${state}`;
}
