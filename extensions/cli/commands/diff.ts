import path from 'node:path';
import {
  compareRecords,
  listRunsOf,
  readRun,
  renderComparison,
  type CellChange,
  type LoggedRun,
  type RecordChange,
} from '../../../runtime/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { shownPath } from '../files.ts';
import { findRun, isNotebookPath } from '../find-run.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { writeOutput } from '../output-file.ts';
import { shortDigest, showTime } from '../recorded-text.ts';
import { count, renderTable } from '../render.ts';

/** `cellwright diff RUN [RUN]`: first what two runs were made on, then what came of it, cell by cell. */
export async function diffCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const found = findTwo(host, parsed);
  if (!found.ok) return found.result;
  const [before, now] = found.value;
  const comparison = compareRecords(before, now);
  const { causes, effects, equal } = comparison;
  const named = lastValue(parsed, 'html');
  const file = named === undefined ? undefined : path.resolve(host.cwd, named);
  if (file !== undefined) {
    const problem = writeOutput(file, renderComparison(comparison, before, now), shownPath(host, file));
    if (problem !== undefined) return problem;
  }
  const written = file === undefined ? '' : `\n${shownPath(host, file)} shows both\n`;
  return {
    status: 'ok',
    diagnostics: [],
    text: `${head(before, now)}${causeLines(host, causes)}${effectLines(host, effects, equal)}${written}`,
    document: {
      before: before.id,
      now: now.id,
      same: effects.length === 0,
      causes: causes.map((cause) => ({ ...cause, before: cause.before ?? null, now: cause.now ?? null })),
      effects: effects.map(({ before: old, now: fresh, number, ...change }) => ({
        ...change,
        executionCount: number ?? null,
        outputsBefore: old.length,
        outputsNow: fresh.length,
      })),
      equal,
      html: file ?? null,
    },
  };
}

/** Two that were named; the last two of a notebook; a run and the one before it. */
function findTwo(host: Host, parsed: ParsedArguments): Outcome<readonly [LoggedRun, LoggedRun]> {
  const [one, other] = parsed.positionals;
  if (one === undefined) {
    return {
      ok: false,
      result: usage('Which runs are to be compared?', 'Name two runs, or a notebook for its last two.'),
    };
  }
  const notebook = other !== undefined && isNotebookPath(host, other) ? other : undefined;
  const first = findRun(host, parsed, { word: one, notebook });
  if (!first.ok) return first;
  if (other !== undefined && notebook === undefined) {
    const second = findRun(host, parsed, { word: other });
    return second.ok ? { ok: true, value: [first.value, second.value] } : second;
  }
  const { state, id } = first.value;
  const runs = listRunsOf([state]);
  const earlier = runs[runs.findIndex((run) => run.id === id) + 1];
  const run = earlier === undefined ? undefined : readRun(state, earlier.id);
  if (earlier === undefined || run === undefined) {
    return { ok: false, result: usage(`There is no run before ${id}.`, 'Name two runs; cellwright runs lists them.') };
  }
  return { ok: true, value: [{ ...earlier, run }, first.value] };
}

function head(before: LoggedRun, now: LoggedRun): string {
  const row = (word: string, { id, run }: LoggedRun): string[] => [word, id, showTime(run.from), run.status];
  return renderTable([row('before', before), row('now', now)]);
}

function causeLines(host: Host, causes: readonly RecordChange[]): string {
  if (causes.length === 0) return '\nCode, parameters, data and environment are the same.\n';
  const rows = causes.map(({ kind, name, before, now }) => {
    const shown = (text: string | undefined): string => (text === undefined ? 'none' : shortDigest(text));
    return [kind, kind === 'data' ? shownPath(host, name) : name, `${shown(before)} → ${shown(now)}`];
  });
  const code = causes.filter(({ lines }) => lines.length > 0).map(({ name, lines }) => `\n${name}\n${indent(lines)}`);
  return `\n${renderTable(rows)}${code.join('')}`;
}

const mostLines = 20;

function indent(lines: readonly string[]): string {
  const more = lines.length > mostLines ? [`… ${lines.length - mostLines} more lines`] : [];
  return [...lines.slice(0, mostLines), ...more].map((line) => `    ${line}\n`).join('');
}

/** A file from where somebody stands, anything else as it is. */
function nameOf(host: Host, name: string): string {
  return path.isAbsolute(name) ? shownPath(host, name) : name;
}

function effectLines(host: Host, effects: readonly CellChange[], equal: number): string {
  const same = equal === 1 ? '1 cell shows the same' : `${count(equal, 'cell')} show the same`;
  if (effects.length === 0) return `\n${same}, none differs\n`;
  const cells = effects.map(({ number, name, kind, because, outputs }) => {
    const why = because.length === 0 ? '' : `, because of ${because.map((name) => nameOf(host, name)).join(', ')}`;
    const lines = outputs.map(({ what, lines: told }) => `  ${what}\n${indent(told)}`);
    return `\n[${number ?? '?'}] ${name} ${kind}${why}\n${lines.join('')}`;
  });
  return `${cells.join('')}\n${effects.length} differ, ${same}\n`;
}
