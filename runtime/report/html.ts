import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import { compareRecords } from '../history/compare-records.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { describeShared } from '../ladder.ts';
import type { RunRecord } from '../record.ts';
import type { TaskOutcome } from '../run-state.ts';
import { escapeHtml } from './ansi.ts';
import { linkCells, titleOf, type CellLinks } from './cell-links.ts';
import { changesSection, describeCauses, describeEffects, type Changes } from './changes-html.ts';
import { dataSection } from './data-html.ts';
import { environmentSection } from './environment-html.ts';
import { factList } from './fact-list.ts';
import { htmlPage, type Section } from './html-page.ts';
import { lineageSection } from './lineage-html.ts';
import { gatesSection, slicesSection } from './measures-html.ts';
import { metricCards } from './metric-cards.ts';
import { foldOutputs, type NotebookOutput } from './outputs.ts';
import { parametersSection } from './parameters-html.ts';
import { proseToHtml } from './prose.ts';
import type { ReportHistory } from './report-history.ts';
import { showOutput } from './show-output.ts';
import { folded, plainTable } from './table.ts';
import { verdictBanner } from './verdict-html.ts';

/** What a report is made from. */
export interface ReportInput {
  readonly bundle: Bundle;
  /** The notebook as nbformat 4 JSON text, for its prose. */
  readonly document: string;
  readonly record: Omit<RunRecord, 'notebook' | 'folder'>;
  /** What the records of this run and of those before it say; undefined when they are gone. */
  readonly history?: ReportHistory | undefined;
  /** Where runs of other notebooks are looked for that wrote what this one read. */
  readonly states?: readonly string[];
  /** The graph as one SVG element; trusted, and put in as it is. */
  readonly picture?: string;
}

interface DocumentCell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
}

/** A run as one HTML file that asks the network for nothing and runs no program. */
export function renderReport(input: ReportInput): string {
  const { bundle, record, history, states = [] } = input;
  const { name } = bundle.notebook;
  const tasks = executed(record.tasks);
  const links = linkCells(
    tasks.map(({ task }) => ({ name: task.name, index: task.index, number: task.executionCount })),
  );
  const outputs = foldOutputs(
    record.tasks.map(({ task, outputs: messages }) => ({ executionCount: task.executionCount, messages })),
  );
  const changes = changesIn(history);
  const gates = tasks.flatMap(({ task, verdicts = [] }) =>
    verdicts.map((one) => ({ ...one, cell: links.named(task.name) })),
  );
  const sections = [
    diagnosticsSection([...record.diagnostics, ...bundle.diagnostics]),
    parametersSection(bundle, history?.now.run),
    gatesSection(gates),
    metricCards(
      tasks.flatMap((outcome) => metricsOf(outcome, links)),
      history?.measured ?? [],
    ),
    slicesSection(tasks.flatMap(({ result }) => result?.measured?.slices ?? [])),
    changesSection(changes, links),
    graphSection(input.picture),
    tasksSection(tasks, links),
    notesSection(history?.now.run),
    cellsSection(input, outputs),
    ...(history === undefined
      ? []
      : [
          dataSection(history.now.run, links),
          lineageSection(history.now, states, links),
          environmentSection(history.now.run),
        ]),
    identitySection(input),
  ];
  const verdict = verdictBanner({ record, run: history?.now.run, since: sinceWords(changes, links) });
  return htmlPage({
    title: `${name}: ${record.status}`,
    heading: name,
    kind: `Run ${record.id}`,
    hasFonts: true,
    verdict,
    sections,
  });
}

/** To compare two pictures takes hundredths of a second, and a notebook may have hundreds. */
const mostPictures = 20;

function changesIn(history: ReportHistory | undefined): Changes | undefined {
  if (history?.before === undefined) return undefined;
  const { before, now } = history;
  return { before, comparison: compareRecords(before, now, mostPictures), folder: now.run.started?.cwd ?? '' };
}

function sinceWords(changes: Changes | undefined, links: CellLinks): string {
  if (changes === undefined) return '';
  const { before, comparison } = changes;
  return `Since <a href="#changes">${escapeHtml(before.id)}</a>: ${escapeHtml(describeCauses(comparison.causes))}; ${describeEffects(comparison, links)}.`;
}

function metricsOf({ task, result }: TaskOutcome, links: CellLinks): Parameters<typeof metricCards>[0] {
  const metrics = Object.entries(result?.measured?.metrics ?? {});
  return metrics.map(([metric, value]) => ({ cell: links.named(task.name), metric, value }));
}

function executed(tasks: readonly TaskOutcome[]): readonly TaskOutcome[] {
  return tasks.filter(({ task }) => task.executionCount > 0);
}

/** As large as it is, or smaller where there is no room, but never too small to read. */
function graphSection(picture: string | undefined): Section | undefined {
  if (picture === undefined) return undefined;
  const width = Number(/ width="([\d.]+)"/.exec(picture)?.[1] ?? 0);
  const least = Math.round(width * 0.6);
  const body = `<div class="wide picture" style="--least:${least}px" tabindex="0" role="group" aria-label="Graph, scrollable">${picture}</div>`;
  return { id: 'graph', title: 'Graph', body };
}

function diagnosticsSection(all: readonly Diagnostic[]): Section | undefined {
  if (all.length === 0) return undefined;
  const items = all.map(({ code, severity, message, help, location }) => {
    const place = location === undefined ? '' : ` <a href="#cell-${location.index}">cell ${location.index}</a>`;
    return `<li><p><span class="pill${severity === 'error' ? ' bad' : ''}">${severity}</span> <code>${escapeHtml(code)}</code>${place} ${escapeHtml(message)}</p><p class="note">${escapeHtml(help)}</p></li>`;
  });
  return { id: 'said', title: 'What there is to know', body: `<ul class="said-list">${items.join('')}</ul>` };
}

/** More tasks than this are folded. */
const openTasks = 60;

function tasksSection(all: readonly TaskOutcome[], links: CellLinks): Section | undefined {
  if (all.length === 0) return undefined;
  const most = Math.max(0.001, ...all.map(({ seconds }) => seconds));
  const rows = all.map(({ task, status, seconds, reason }) => {
    const share = ((100 * seconds) / most).toFixed(1);
    const time = status === 'not-run' ? '' : `${seconds.toFixed(2)} s`;
    const bar = status === 'ran' || status === 'failed' ? `<div style="width:${share}%"></div>` : '';
    return `<tr class="${status}"><th scope="row">${links.named(task.name)}</th><td>${statusPill(status)}</td><td class="number">${time}</td><td class="bar">${bar}</td><td class="note">${escapeHtml(reason)}</td></tr>`;
  });
  const table = plainTable('Tasks', {
    head: ['task', 'status', 'time', '', 'why'],
    rows,
    numbers: [2],
    isNarrow: false,
  });
  return { id: 'tasks', title: 'Tasks', body: all.length > openTasks ? folded(`${all.length} tasks`, table) : table };
}

function statusPill(status: TaskOutcome['status']): string {
  const word = status === 'cached' ? 'reused' : status === 'not-run' ? 'not run' : status;
  const looks = { ran: ' ran', cached: ' good', failed: ' bad', 'not-run': '' } as const;
  return `<span class="pill${looks[status]}">${word}</span>`;
}

function notesSection(run: RecordedRun | undefined): Section | undefined {
  const items: string[] = [];
  for (const { name, status, fused, dropped, failedTries } of run?.tasks.values() ?? []) {
    if (fused.length > 0 && status !== 'cached') {
      const shared = describeShared(fused).join('; ');
      items.push(`${name} ran in the process of an earlier cell, which alone has ${shared}.`);
    }
    items.push(...failedTries.map((reason) => `${name} failed and was tried again (${reason}).`));
    items.push(...dropped.map((reason) => `${name} was started early and run again: ${reason}.`));
  }
  if (run?.lane !== undefined) items.push(`All cells ran in one process: ${run.lane}.`);
  items.push(...(run?.restarts ?? []).map((reason) => `The run was started again: ${reason}.`));
  if (items.length === 0) return undefined;
  const list = items.map((item) => `<li>${escapeHtml(item)}</li>`).join('');
  return { id: 'how', title: 'Fused and repeated', body: `<ul>${list}</ul>` };
}

function cellsSection({ document, record }: ReportInput, outputs: readonly (readonly NotebookOutput[])[]): Section {
  const parsed = JSON.parse(document) as { readonly cells: readonly DocumentCell[] };
  const places = new Map(record.tasks.map((outcome, place) => [outcome.task.index, { outcome, place }]));
  const parts = parsed.cells.map((cell, index) => {
    const source = typeof cell.source === 'string' ? cell.source : cell.source.join('');
    if (cell.cell_type !== 'code')
      return cell.cell_type === 'markdown' ? `<div class="prose">${proseToHtml(source)}</div>` : '';
    const found = places.get(index);
    if (found === undefined) return codeCell(index, source, undefined, []);
    return codeCell(index, source, found.outcome, outputs[found.place] ?? []);
  });
  return { id: 'notebook', title: 'Notebook', body: parts.join('\n') };
}

function codeCell(
  index: number,
  source: string,
  outcome: TaskOutcome | undefined,
  outputs: readonly NotebookOutput[],
): string {
  const status = outcome?.status ?? 'not-run';
  const name = `cell-${index}`;
  const head =
    outcome === undefined || outcome.task.executionCount === 0
      ? `<h3 id="${name}-name" class="cell-name"><span class="note">not executed</span></h3>`
      : `<h3 id="${name}-name" class="cell-name">${escapeHtml(titleOf({ name: outcome.task.name, number: outcome.task.executionCount }))}</h3>${statusPill(status)}${status === 'not-run' ? '' : `<span class="note">${outcome.seconds.toFixed(2)} s</span>`}`;
  return `<article id="${name}" class="cell ${status}" aria-labelledby="${name}-name"><div class="cell-head">${head}</div><pre class="source"><code>${escapeHtml(source)}</code></pre>${outputs.map(showOutput).join('')}</article>`;
}

function identitySection({ bundle, record, history }: ReportInput): Section {
  const { started, lane } = history?.now.run ?? {};
  const body = factList([
    ['run', record.id],
    ['notebook', started?.origin.notebook ?? ''],
    ['content', bundle.notebook.digest],
    ['bundle', started?.bundle ?? ''],
    ['kernel', bundle.notebook.kernelName],
    ['one process', lane ?? ''],
    ['matrix', started?.origin.variant?.matrix ?? ''],
    ['made by', started?.origin.program ?? ''],
  ]);
  return { id: 'identity', title: 'Which run', body };
}
