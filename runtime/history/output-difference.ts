import type { NotebookOutput } from '../report/outputs.ts';
import { maskDiffering, normaliseOutputs, type Shown } from '../verify/normalise.ts';
import { compareLines, unifiedLines } from './line-difference.ts';
import { comparePictures, type PictureDifference } from './picture-difference.ts';

/** A part of what a cell shows that another run shows otherwise. */
export interface OutputDifference {
  readonly kind: 'text' | 'table' | 'picture' | 'error' | 'kinds';
  /** In one sentence. */
  readonly what: string;
  /** Of a text: its lines as `diff -u` shows them. */
  readonly lines: readonly string[];
}

/** Where the outputs of a cell in two runs differ; addresses, times and the like, which differ in any two runs, are not compared. */
export function compareOutputs(
  before: readonly NotebookOutput[],
  now: readonly NotebookOutput[],
  compare: typeof comparePictures = comparePictures,
): readonly OutputDifference[] {
  const [old, fresh] = [normaliseOutputs(before), normaliseOutputs(now)];
  const kinds = (shown: readonly Shown[]): string => shown.map(({ kind }) => kind).join(', ') || 'nothing';
  if (kinds(old) !== kinds(fresh)) {
    const texts = [old, fresh].map((shown) => shown.map(plainText).join('\n'));
    const lines = unifiedLines(compareLines(texts[0] ?? '', texts[1] ?? ''));
    return [{ kind: 'kinds', what: `${kinds(old)} before, ${kinds(fresh)} now`, lines }];
  }
  return old.flatMap((shown, place) => {
    const other = fresh[place];
    return other === undefined ? [] : compareShown(shown, other, compare);
  });
}

function compareShown(before: Shown, now: Shown, compare: typeof comparePictures): readonly OutputDifference[] {
  if ('data' in before && 'data' in now) return compareData(before.data, now.data, compare);
  const masked = maskDiffering([plainText(before)], plainText(now));
  const [old = ''] = masked.plain;
  if (old === masked.ours) return [];
  const lines = unifiedLines(compareLines(plainText(before), plainText(now)));
  if (before.kind === 'error') return [{ kind: 'error', what: 'the error is another one', lines }];
  return [{ kind: 'text', what: `${before.kind} differs`, lines }];
}

/** One thing in several formats: the first that can be told about is told. */
function compareData(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
  compare: typeof comparePictures,
): readonly OutputDifference[] {
  const types = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differing = types.filter((type) => {
    const [old, fresh] = [before[type] ?? '', now[type] ?? ''];
    if (type === 'image/png' || type === 'image/jpeg') return old !== fresh;
    const masked = maskDiffering([old], fresh);
    return masked.plain[0] !== masked.ours;
  });
  const [first] = differing;
  if (first === undefined) return [];
  const picture = differing.find((type) => type.startsWith('image/'));
  if (picture !== undefined) {
    const [old = '', fresh = ''] = [before[picture], now[picture]];
    return [describePicture(picture === 'image/png' ? compare(old, fresh) : { kind: 'unknown' })];
  }
  const tables = [before['text/html'], now['text/html']].map((html) => readTable(html ?? ''));
  const text = differing.includes('text/plain') ? 'text/plain' : first;
  const lines = unifiedLines(compareLines(before[text] ?? '', now[text] ?? ''));
  const [old, fresh] = tables;
  if (old !== undefined && fresh !== undefined) return [{ kind: 'table', what: describeTables(old, fresh), lines }];
  return [{ kind: 'text', what: `${text} differs`, lines }];
}

function describePicture(found: PictureDifference): OutputDifference {
  const said = (what: string): OutputDifference => ({ kind: 'picture', what, lines: [] });
  if (found.kind === 'unknown') return said('the picture differs');
  if (found.kind === 'size') return said(`the picture is ${found.now} points, it was ${found.before}`);
  if (found.share === 0) return said('the picture looks the same; its file differs');
  const percent = found.share * 100;
  return said(`${percent < 0.1 ? 'less than 0.1' : percent.toFixed(1)} % of the picture's points differ`);
}

type Table = readonly (readonly string[])[];

/** The first table of an HTML text, as pandas and others write them. */
function readTable(html: string): Table | undefined {
  const [, inside] = /<table[^>]*>([^]*?)<\/table>/i.exec(html) ?? [];
  if (inside === undefined) return undefined;
  return [...inside.matchAll(/<tr[^>]*>([^]*?)<\/tr>/gi)].map(([, row = '']) =>
    [...row.matchAll(/<t[dh][^>]*>([^]*?)<\/t[dh]>/gi)].map(([, cell = '']) => cell.replaceAll(/<[^>]*>/g, '').trim()),
  );
}

function describeTables(before: Table, now: Table): string {
  const columns = (table: Table): number => Math.max(0, ...table.map((row) => row.length));
  const shape = (table: Table): string => `${table.length} × ${columns(table)}`;
  if (shape(before) !== shape(now)) return `the table is shown with ${shape(now)} cells, it was ${shape(before)}`;
  const all = before.flatMap((row, place) => row.map((cell, column) => cell !== now[place]?.[column]));
  const different = all.filter(Boolean).length;
  return `${different} of ${all.length} cells of the table differ`;
}

function plainText(shown: Shown): string {
  if ('data' in shown) return shown.data['text/plain'] ?? Object.keys(shown.data).join(', ');
  return shown.kind === 'error' ? `${shown.ename}: ${shown.evalue}` : shown.text;
}
