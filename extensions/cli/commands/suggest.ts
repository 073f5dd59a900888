import path from 'node:path';
import type { Task } from '../../../compiler/bundle/format.ts';
import { memoryAsDirective, readRuns, suggestPlaces, type PlaceSuggestion } from '../../../runtime/index.ts';
import { hasFlag, type ParsedArguments } from '../args.ts';
import { commentMark, directiveText, type CommentMark } from '../../ui/comment-mark.ts';
import { withDirectives, type DirectiveValues } from '../../ui/directive-edit.ts';
import { editNotebook } from '../edit-notebook.ts';
import { isFolder, isThere, shownPath } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { openNotebook, type Input } from '../input.ts';
import { writeOutput } from '../output-file.ts';
import { formatSeconds } from '../progress.ts';
import { formatBytes } from '../recorded-text.ts';
import { count, renderTable } from '../render.ts';
import { stateOf } from '../state-folder.ts';
import { compileNotebook } from '../toolchain.ts';

/** `cellwright suggest NB`: what each cell should be given, from what recorded runs have used; `--write` puts it into the notebook. */
export async function suggestCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const [name] = parsed.positionals;
  if (name === undefined || name === '' || name === '-')
    return usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.');
  if (isFolder(path.resolve(host.cwd, name))) return usage(`${name} is a folder.`, 'Name the notebook itself.');
  const opened = await openNotebook(host, name, { values: new Map() });
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const state = stateOf(host, parsed, input);
  const suggestions = suggestPlaces(input.bundle, isThere(state) ? readRuns(state) : []);
  const known = suggestions.filter(({ runs }) => runs > 0);
  if (known.length === 0)
    return usage(
      `No run of ${name} has been recorded in which these cells ran.`,
      `Run it first: cellwright run ${name}`,
    );
  const isWriting = hasFlag(parsed, 'write');
  const written = isWriting ? await writeInto(host, input, known) : ({ ok: true, value: [] } as const);
  if (!written.ok) return written.result;
  const shown = shownPath(host, path.resolve(host.cwd, name));
  const mark = commentMark(input.bundle.notebook.language);
  const left = known.filter(({ task }) => task.source.startsWith('%%'));
  const byHand = left.length === 0 ? '' : `; under a cell magic a line is text, so by hand:\n\n${lines(left, mark)}`;
  const rest = isWriting
    ? `${shown}: directives of ${count(written.value.length, 'cell')} written${byHand === '' ? '\n' : byHand}`
    : lines(known, mark);
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `${describe(suggestions)}\n${rest}`,
    document: {
      notebook: input.path,
      written: written.value.map(({ id }) => id),
      tasks: suggestions.map(documentOf),
    },
  };
}

function valuesOf({ suggested: { mem, cpu, timeout } }: PlaceSuggestion): DirectiveValues {
  return new Map([
    ['mem', memoryAsDirective(mem)],
    ['cpu', String(cpu)],
    ['timeout', String(timeout)],
  ]);
}

function describe(suggestions: readonly PlaceSuggestion[]): string {
  const rows = suggestions.map(({ task, runs, shared, seen, suggested }) => {
    const label = [`[${task.executionCount}]`, task.name];
    if (runs === 0) return [...label, 'no run', '', '', '', 'no recorded run of this code'];
    const used = [formatBytes(seen.mem), seen.cpu === 0 ? '' : seen.cpu.toFixed(1), formatSeconds(seen.seconds)];
    const { mem, cpu, timeout } = suggested;
    const note = shared === runs ? ', memory with that of other cells' : '';
    const given = `mem ${memoryAsDirective(mem)}, cpu ${cpu}, timeout ${timeout}${note}`;
    return [...label, count(runs, 'run'), ...used, given];
  });
  return renderTable([['cell', 'task', 'rests on', 'memory', 'cpu', 'time', 'suggested'], ...rows]);
}

/** To be pasted. */
function lines(known: readonly PlaceSuggestion[], mark: CommentMark): string {
  const blocks = known.map((one) => {
    const directives = [...valuesOf(one)].map(([name, value]) => `${directiveText(mark, name, value)}\n`);
    return `In [${one.task.executionCount}], ${one.task.name}\n${directives.join('')}`;
  });
  return blocks.join('\n');
}

function documentOf({ task, runs, shared, seen, suggested }: PlaceSuggestion): Readonly<Record<string, unknown>> {
  const { id, name, index, executionCount } = task;
  return { id, name, index, executionCount, runs, shared, seen, suggested: runs === 0 ? null : suggested };
}

/** Puts the directives at the top of their cells; nothing is written unless the notebook is the same without them. */
async function writeInto(
  host: Host,
  input: Input,
  known: readonly PlaceSuggestion[],
): Promise<Outcome<readonly Task[]>> {
  const file = path.resolve(host.cwd, input.path);
  const shown = shownPath(host, file);
  const mark = commentMark(input.bundle.notebook.language);
  const changed = known.flatMap((one) => {
    const before = one.task.source;
    const after = withDirectives(before, valuesOf(one), mark);
    return after === undefined || after === before ? [] : [{ task: one.task, before, after }];
  });
  const sources = new Map(changed.map(({ task, before, after }) => [task.index, { before, after }]));
  const text = editNotebook(new TextDecoder().decode(input.bytes), file.endsWith('.ipynb'), sources);
  const help = 'Paste the lines yourself: suggest without --write prints them.';
  const refuse = (why: string): Outcome<never> => ({ ok: false, result: usage(`${why}; nothing was written.`, help) });
  if (text === undefined) return refuse(`A cell of ${shown} is not in the file as it was read`);
  const bytes = new TextEncoder().encode(text);
  const again = await compileNotebook(host.installation, { bytes, name: path.basename(file) });
  if (!isSameBut(input, again.bundle?.tasks ?? []))
    return refuse(`${shown} would not be the same notebook with these lines`);
  const problem = changed.length === 0 ? undefined : writeOutput(file, text, shown);
  return problem === undefined ? { ok: true, value: changed.map(({ task }) => task) } : { ok: false, result: problem };
}

function isSameBut({ bundle }: Input, tasks: readonly Task[]): boolean {
  return (
    tasks.length === bundle.tasks.length &&
    bundle.tasks.every(({ code, index }, place) => tasks[place]?.code === code && tasks[place].index === index)
  );
}
