import type { LoggedRun } from '../history/compare-records.ts';
import type { LineageNode } from '../history/lineage.ts';
import { traceResults, type ResultOrigin } from '../history/origins.ts';
import { escapeHtml } from './ansi.ts';
import type { CellLinks } from './cell-links.ts';
import type { Section } from './html-page.ts';
import { commitOf, personOf, timeOf } from './record-words.ts';
import { pathFrom } from './shown-path.ts';
import { folded, plainTable } from './table.ts';

/** More inputs of one result are counted only. */
const mostInputs = 6;

/** From every metric, file and variable that a run left back to cells, data, people and commits; undefined when it left none. */
export function lineageSection(run: LoggedRun, states: readonly string[], links: CellLinks): Section | undefined {
  const { results, left, runs } = traceResults(run, states);
  if (results.length === 0) return undefined;
  const shown = { folder: run.run.started?.cwd ?? '', links, run };
  const first = results.filter(({ kind }) => kind !== 'variable');
  const variables = results.filter(({ kind }) => kind === 'variable');
  const rest = left === 0 ? '' : `<p class="note">${left} more were made before these.</p>`;
  const hidden =
    variables.length === 0
      ? ''
      : folded(
          `${variables.length} ${variables.length === 1 ? 'variable' : 'variables'} at the end`,
          resultTable('Variables', variables, shown) + rest,
        );
  const lane =
    run.run.lane === undefined
      ? ''
      : '<p class="note">All cells ran in one process, so a result goes back to all of them.</p>';
  const open = first.length === 0 ? '' : resultTable('Results', first, shown);
  return { id: 'lineage', title: 'Lineage', body: `${open}${hidden}${lane}${runTable(runs)}` };
}

interface Shown {
  readonly folder: string;
  readonly links: CellLinks;
  readonly run: LoggedRun;
}

function resultTable(title: string, results: readonly ResultOrigin[], shown: Shown): string {
  const hasParameters = results.some(({ parameters }) => parameters.length > 0);
  const rows = results.map((result) => {
    const { kind, name, maker, cells, data, parameters } = result;
    const numbers = cells.flatMap(({ number }) => number ?? []);
    const back = numbers.length === 0 ? 'all cells' : shown.links.numbers(numbers);
    const given = hasParameters ? `<td>${escapeHtml(parameters.map((one) => one.name).join(', '))}</td>` : '';
    const text = kind === 'file' ? pathFrom(shown.folder, name) : name;
    return `<tr><td>${kind}</td><th scope="row"><code>${escapeHtml(text)}</code></th><td>${maker === undefined ? '' : shown.links.named(maker.name)}</td><td>${back}</td><td>${inputs(data, shown)}</td>${given}</tr>`;
  });
  const head = [
    'what',
    'name',
    'made by',
    'goes back to cells',
    'and data',
    ...(hasParameters ? ['and parameters'] : []),
  ];
  return plainTable(title, { head, rows });
}

function inputs(data: readonly LineageNode[], { folder }: Shown): string {
  const names = data.slice(0, mostInputs).map(({ name }) => `<code>${escapeHtml(pathFrom(folder, name))}</code>`);
  const more = data.length > mostInputs ? ` and ${data.length - mostInputs} more` : '';
  return names.join(', ') + more;
}

function runTable(runs: ReadonlyMap<string, LoggedRun | undefined>): string {
  const rows = [...runs].map(([id, logged]) => {
    if (logged === undefined)
      return `<tr><th scope="row">${escapeHtml(id)}</th><td colspan="4">its record is not kept any more</td></tr>`;
    const { run } = logged;
    const cells = [timeOf(run.from), personOf(run), commitOf(run), run.started?.origin.notebook ?? ''];
    return `<tr><th scope="row">${escapeHtml(id)}</th>${cells.map((text) => `<td>${escapeHtml(text)}</td>`).join('')}</tr>`;
  });
  const head = ['run that had a part', 'when (UTC)', 'who', 'commit', 'notebook'];
  return plainTable('Runs that had a part', { head, rows });
}
