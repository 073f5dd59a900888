import type { LoggedRun } from '../history/compare-records.ts';
import type { LineageNode } from '../history/lineage/graph.ts';
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
  const hasData = results.some(({ data }) => data.length > 0);
  const hasParameters = results.some(({ parameters }) => parameters.length > 0);
  const rows = joinByMaker(results).map(([first, names]) => {
    const { kind, maker, cells, data, parameters } = first;
    const numbers = cells.flatMap(({ number }) => number ?? []);
    const back = numbers.length === 0 ? 'all cells' : shown.links.numbers(numbers);
    const given = hasParameters ? `<td>${escapeHtml(parameters.map((one) => one.name).join(', '))}</td>` : '';
    const texts = names.map(
      (name) => `<code>${escapeHtml(kind === 'file' ? pathFrom(shown.folder, name) : name)}</code>`,
    );
    const from = hasData ? `<td>${inputs(data, shown)}</td>` : '';
    return `<tr><td>${kind}</td><th scope="row">${texts.join(', ')}</th><td>${maker === undefined ? '' : shown.links.named(maker.name)}</td><td>${back}</td>${from}${given}</tr>`;
  });
  const head = ['what', 'name', 'made by', 'goes back to cells'];
  const more = [...(hasData ? ['and data'] : []), ...(hasParameters ? ['and parameters'] : [])];
  return plainTable(title, { head: [...head, ...more], rows });
}

/** Variables of one cell go back to the same. */
function joinByMaker(results: readonly ResultOrigin[]): readonly (readonly [ResultOrigin, readonly string[]])[] {
  const found = new Map<string, [ResultOrigin, string[]]>();
  for (const result of results) {
    const key = result.kind === 'variable' ? (result.maker?.id ?? '') : `${result.kind} ${result.name}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [result, [result.name]]);
    else known[1].push(result.name);
  }
  return [...found.values()];
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
