import type { Diagnostic, Range } from '../../compiler/bundle/diagnostic.ts';
import { commentMark, directiveText, type CommentMark } from './comment-mark.ts';
import type { CellEdit, Remedy } from './panel.ts';
import type { PipelineTask } from './pipeline.ts';

/** What can be done about a diagnostic by one edit of its cell; empty where only a person knows what is meant. */
export function remediesOf(
  diagnostic: Diagnostic,
  { source, id: cell }: Pick<PipelineTask, 'source' | 'id'>,
  language: string | undefined,
): readonly Remedy[] {
  const range = diagnostic.location?.range;
  const found: Remedy[] = [];
  const at = { source, mark: commentMark(language) };
  const offer: Offer = (title, { range: of, newText }) => {
    found.push({ title, edit: { cell, source, newText, ...(of === undefined ? {} : { range: of }) } });
  };
  switch (diagnostic.code) {
    case 'CW120':
    case 'CW121':
    case 'CW123':
    case 'CW130':
    case 'CW131': {
      const renamed = renaming(diagnostic, source);
      if (renamed !== undefined) offer(renamed.title, renamed);
      const line = range === undefined ? undefined : directiveLine(source, range.start.line);
      if (line !== undefined) offer('Remove this directive', { range: line, newText: '' });
      break;
    }
    case 'CW505':
      offerMore(at, { name: 'timeout', first: '600', title: (value) => `Give it ${value} s` }, offer);
      break;
    case 'CW506':
      offerMore(at, { name: 'mem', first: '4Gi', title: (value) => `Let it use ${value}` }, offer);
      break;
    default:
      break;
  }
  return found;
}

/** `Did you mean X?` where the message names the word that stands for X. */
function renaming(
  { message, help, location }: Diagnostic,
  source: string,
): { readonly title: string; readonly range: Range; readonly newText: string } | undefined {
  const meant = /Did you mean ([^?\s]+)\?/.exec(help)?.[1];
  const wrong = /(?:directive|binds|records) ([\w-]+(?:\.[\w-]+)*)/.exec(message)?.[1];
  const range = location?.range;
  if (meant === undefined || wrong === undefined || range === undefined) return undefined;
  const line = source.split('\n')[range.start.line] ?? '';
  const column = wordAt(line, wrong, range.start.column) ?? wordAt(line, meant.includes('.') ? meant : wrong, 0);
  if (column === undefined) return undefined;
  const start = { line: range.start.line, column };
  const end = { line: range.start.line, column: column + wrong.length };
  return { title: `Write ${meant}`, range: { start, end }, newText: meant };
}

function wordAt(line: string, word: string, from: number): number | undefined {
  for (let at = line.indexOf(word, from); at >= 0; at = line.indexOf(word, at + 1)) {
    const around = `${line[at - 1] ?? ' '}${line[at + word.length] ?? ' '}`;
    if (!/[\w-]/.test(around)) return at;
  }
  return undefined;
}

/** The whole line of a directive with its end; undefined when the line is none. */
function directiveLine(source: string, line: number): Range | undefined {
  const lines = source.split('\n');
  const text = lines[line];
  if (text === undefined || !/^\s*(?:#|\/\/)\|/.test(text)) return undefined;
  const isLast = line === lines.length - 1;
  return { start: { line, column: 0 }, end: isLast ? { line, column: text.length } : { line: line + 1, column: 0 } };
}

interface Amount {
  readonly name: string;
  /** What it is given when nothing was said before. */
  readonly first: string;
  readonly title: (value: string) => string;
}

type Offer = (title: string, edit: Pick<CellEdit, 'range' | 'newText'>) => void;

/** Twice what a directive gives now, or a first value. */
function offerMore(
  { source, mark }: { readonly source: string; readonly mark: CommentMark },
  { name, first, title }: Amount,
  offer: Offer,
): void {
  const lines = source.split('\n');
  const at = lines.findIndex((line) => new RegExp(String.raw`^\s*(?:#|//)\|\s*${name}\s*:`).test(line));
  if (at < 0) {
    offer(title(first), { newText: `${directiveText(mark, name, first)}\n` });
    return;
  }
  const text = lines[at] ?? '';
  const [, number = '', unit = ''] = /:\s*([\d.]+)\s*(\w*)/.exec(text) ?? [];
  if (number === '') return;
  const value = `${Number(number) * 2}${unit}`;
  const range = { start: { line: at, column: 0 }, end: { line: at, column: text.length } };
  offer(title(value), { range, newText: directiveText(mark, name, value) });
}
