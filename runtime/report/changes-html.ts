import type { CellChange, LoggedRun, RecordChange, RecordComparison } from '../history/compare-records.ts';
import { escapeHtml } from './ansi.ts';
import type { CellLinks } from './cell-links.ts';
import { causeTable, difference } from './comparison-html.ts';
import type { Section } from './html-page.ts';
import { pathFrom } from './shown-path.ts';
import { showOutput } from './show-output.ts';
import { folded } from './table.ts';

/** So many characters of outputs of the earlier run are shown: it has a report of its own. */
const mostShown = 1_000_000;
/** More cells are only named. */
const mostCells = 100;

const kinds: readonly (readonly [RecordChange['kind'], string, string])[] = [
  ['data', 'file of data', 'files of data'],
  ['web', 'address', 'addresses'],
  ['package', 'package', 'packages'],
  ['environment', 'fact of the environment', 'facts of the environment'],
];

/** What is another one, in a few words: `parameter origin, code of 2 cells`. */
export function describeCauses(causes: readonly RecordChange[]): string {
  const of = (kind: RecordChange['kind']): readonly RecordChange[] => causes.filter((cause) => cause.kind === kind);
  const parameters = of('parameter').map(({ name }) => name);
  const code = of('code');
  const words = [
    ...(parameters.length === 0
      ? []
      : [`${parameters.length === 1 ? 'parameter' : 'parameters'} ${parameters.join(', ')}`]),
    ...(code.length === 0
      ? []
      : [code.length === 1 ? `code of ${code[0]?.name ?? ''}` : `code of ${code.length} cells`]),
    ...kinds.flatMap(([kind, one, many]) => {
      const { length } = of(kind);
      return length === 0 ? [] : [`${length} ${length === 1 ? one : many}`];
    }),
    ...(of('commit').length === 0 ? [] : ['commit']),
  ];
  return words.length === 0 ? 'code, parameters, data and environment are the same' : `${words.join(', ')} changed`;
}

/** What came of it, in a few words, as HTML. */
export function describeEffects({ effects, equal }: RecordComparison, links: CellLinks): string {
  if (effects.length === 0) return equal === 1 ? 'the cell shows the same' : `all ${equal} cells show the same`;
  const shown = effects.slice(0, 3).map(({ name }) => links.named(name));
  const more = effects.length > shown.length ? ` and ${effects.length - shown.length} more` : '';
  return `${shown.join(', ')}${more} ${effects.length === 1 ? 'shows' : 'show'} something else`;
}

/** The run before and what differs from it. */
export interface Changes {
  readonly before: LoggedRun;
  readonly comparison: RecordComparison;
  /** The folder that the cells ran in. */
  readonly folder: string;
}

/** What changed since the run before: causes first, then effects, both folded; undefined when there was none. */
export function changesSection(changes: Changes | undefined, links: CellLinks): Section | undefined {
  if (changes === undefined) return undefined;
  const { before, comparison, folder } = changes;
  const { causes, effects } = comparison;
  const when = before.run.from.slice(0, 16).replace('T', ' ');
  const head = `<p>Compared with run <strong>${escapeHtml(before.id)}</strong> of ${escapeHtml(when)} UTC: ${escapeHtml(describeCauses(causes))}; ${describeEffects(comparison, links)}.</p>`;
  const shownCauses = causes.map((cause) => ({ ...cause, name: pathFrom(folder, cause.name) }));
  const code = causes
    .filter(({ lines }) => lines.length > 0)
    .map(({ name, lines }) => `<h3>${links.named(name)}</h3>${difference(lines)}`);
  const table =
    causes.length === 0
      ? ''
      : folded(
          `What they were made on: ${count(causes.length, 'difference')}`,
          causeTable(shownCauses) + code.join(''),
        );
  return { id: 'changes', title: 'Since the previous run', body: head + table + effectList(effects, folder, links) };
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

function effectList(effects: readonly CellChange[], folder: string, links: CellLinks): string {
  let left = mostShown;
  const parts = effects.slice(0, mostCells).map((change) => {
    const { name, number, kind, because, outputs, before } = change;
    const what = kind === 'differs' ? outputs.map(({ what: one }) => one).join('; ') : kind;
    const why =
      because.length === 0
        ? ''
        : ` <p class="note">because of ${escapeHtml(because.map((one) => pathFrom(folder, one)).join(', '))}</p>`;
    const lines = outputs.map(({ lines: told }) => difference(told)).join('');
    // A text is told by its lines.
    const needed =
      before.length > 0 && (kind === 'went' || outputs.some((one) => one.kind === 'picture' || one.kind === 'table'));
    const shown = needed ? before.map(showOutput).join('') : '';
    const isShown = needed && shown.length <= left;
    if (isShown) left -= shown.length;
    const was = isShown
      ? `<h3>Before</h3>${shown}`
      : needed
        ? '<p class="note">What it showed before is in the report of that run.</p>'
        : '';
    const place = kind === 'went' ? '' : `<p>What it shows now: ${links.named(name)}</p>`;
    return folded(`[${number ?? '?'}] ${name}: ${what}`, `${why}${lines}${was}${place}`);
  });
  const more = effects.length > mostCells ? `<p class="note">${effects.length - mostCells} more cells differ.</p>` : '';
  return parts.join('') + more;
}
