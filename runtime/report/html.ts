import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import type { Bundle } from '../../compiler/bundle/format.ts';
import type { RunEvent } from '../event.ts';
import { describeShared } from '../ladder.ts';
import type { RunRecord } from '../record.ts';
import { describeVerdict } from '../measures/verdict.ts';
import type { TaskOutcome } from '../run-state.ts';
import { ansiToHtml, escapeHtml } from './ansi.ts';
import { foldOutputs, type NotebookOutput } from './outputs.ts';
import { htmlPage } from './html-page.ts';
import { gatesSection, metricsSection, slicesSection } from './measures-html.ts';
import { showOutput } from './show-output.ts';

/** What a report is made from. */
export interface ReportInput {
  readonly bundle: Bundle;
  /** The notebook as nbformat 4 JSON text, for its prose. */
  readonly document: string;
  readonly record: Omit<RunRecord, 'notebook' | 'folder'>;
  /** All events of the run, for what was fused or run again. */
  readonly events: readonly RunEvent[];
  /** The graph as one SVG element; trusted, and put in as it is. */
  readonly picture?: string;
}

interface DocumentCell {
  readonly cell_type: string;
  readonly source: string | readonly string[];
}

/** A run as one HTML file that asks the network for nothing and runs no program. */
export function renderReport(input: ReportInput): string {
  const { bundle, record } = input;
  const { name } = bundle.notebook;
  const outputs = foldOutputs(
    record.tasks.map(({ task, outputs: messages }) => ({ executionCount: task.executionCount, messages })),
  );
  const sections = [
    verdict(input),
    diagnostics([...record.diagnostics, ...bundle.diagnostics]),
    input.picture === undefined
      ? ''
      : `<section aria-labelledby="graph"><h2 id="graph">Graph</h2><div class="wide picture" tabindex="0" role="group" aria-label="Graph, scrollable">${input.picture}</div></section>`,
    gatesSection(
      record.tasks.flatMap(({ task, verdicts = [] }) => verdicts.map((one) => ({ ...one, name: task.name }))),
    ),
    metricsSection(record.tasks.flatMap(metricsOf)),
    slicesSection(record.tasks.flatMap(({ result }) => result?.measured?.slices ?? [])),
    timings(record.tasks),
    notes(input.events),
    cells(input, outputs),
    identity(input),
  ];
  return htmlPage({ title: `${name}: ${record.status}`, heading: name, hasFonts: true, sections });
}

function metricsOf({ task, result }: TaskOutcome): Parameters<typeof metricsSection>[0] {
  const metrics = Object.entries(result?.measured?.metrics ?? {});
  return metrics.map(([metric, value]) => ({ name: task.name, metric, value }));
}

function executed(tasks: readonly TaskOutcome[]): readonly TaskOutcome[] {
  return tasks.filter(({ task }) => task.executionCount > 0);
}

function verdict({ record }: ReportInput): string {
  const all = executed(record.tasks);
  const number = (status: TaskOutcome['status']): number => all.filter((outcome) => outcome.status === status).length;
  const counts = `${number('ran')} ran, ${number('cached')} reused, ${number('failed') > 0 ? `${number('failed')} failed, ` : ''}${number('not-run')} not run, ${record.seconds.toFixed(2)} s`;
  const failed = all.find(({ status, task }) => status === 'failed' && !task.directives.raisesException);
  const error = failed?.outputs.findLast((output) => output.kind === 'error');
  const closed = all.flatMap(({ task, verdicts = [] }) => verdicts.map((verdict) => ({ task, verdict })));
  const gate = closed.find(({ verdict }) => !verdict.holds);
  let sentence = 'Every cell ran to its end.';
  if (record.status === 'refused') sentence = 'The run was refused: the result could not be shown to be right.';
  else if (gate !== undefined && (failed === undefined || failed.task.index >= gate.task.index))
    sentence = `The gate does not hold in ${gate.task.name}: ${describeVerdict(gate.verdict)}`;
  else if (failed !== undefined) {
    sentence = `The cell raised in ${failed.task.name}: ${error?.ename ?? 'error'}: ${error?.evalue ?? ''}`;
  } else if (number('not-run') > 0)
    sentence = `The run stopped where it was asked to; ${number('not-run')} cells did not run.`;
  const when = number('cached') > 0 ? ', in an earlier run' : '';
  const where = record.lane ? `<p>All cells ran in one process${when}.</p>` : '';
  return `<section class="verdict ${record.status}" aria-label="Verdict"><p><strong>${record.status}</strong> ${escapeHtml(sentence)}</p><p>${escapeHtml(counts)}</p>${where}</section>`;
}

function diagnostics(all: readonly Diagnostic[]): string {
  if (all.length === 0) return '';
  const items = all.map(({ code, severity, message, help, location }) => {
    const place = location === undefined ? '' : ` <a href="#cell-${location.index}">cell ${location.index}</a>`;
    return `<li class="${severity}"><code>${escapeHtml(code)}</code> ${severity}${place}: ${escapeHtml(message)} <span class="note">${escapeHtml(help)}</span></li>`;
  });
  return `<section aria-labelledby="said"><h2 id="said">What there is to know</h2><ul>${items.join('')}</ul></section>`;
}

function timings(tasks: readonly TaskOutcome[]): string {
  const all = executed(tasks);
  const most = Math.max(0.001, ...all.map(({ seconds }) => seconds));
  const rows = all.map(({ task, status, seconds, reason }) => {
    const share = ((100 * seconds) / most).toFixed(1);
    const word = status === 'cached' ? 'reused' : status;
    const time = status === 'not-run' ? '' : `${seconds.toFixed(2)} s`;
    return `<tr class="${status}"><td>[${task.executionCount}]</td><th scope="row"><a href="#cell-${task.index}">${escapeHtml(task.name)}</a></th><td>${word}</td><td class="number">${time}</td><td class="bar"><div style="width:${share}%"></div></td><td>${escapeHtml(reason)}</td></tr>`;
  });
  const head = ['cell', 'task', 'status', 'time', 'share', 'why']
    .map((word) => `<th scope="col">${word}</th>`)
    .join('');
  return `<section aria-labelledby="tasks"><h2 id="tasks">Tasks</h2><div class="wide" tabindex="0" role="group" aria-label="Tasks, scrollable"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div></section>`;
}

function notes(events: readonly RunEvent[]): string {
  const items: string[] = [];
  for (const event of events) {
    if (event.type === 'task-finished' && event.fused !== undefined && event.status !== 'cached') {
      const shared = describeShared(event.fused).join('; ');
      items.push(`${event.name} ran in the process of an earlier cell, which alone has ${shared}.`);
    } else if (event.type === 'task-dropped') {
      items.push(`${event.name} was started early and run again: ${event.reason}.`);
    } else if (event.type === 'task-retried') {
      items.push(`${event.name} failed and was tried again (${event.reason}).`);
    } else if (event.type === 'lane') items.push(`All cells ran in one process: ${event.reason}.`);
    else if (event.type === 'restarted') items.push(`The run was started again: ${event.reason}.`);
  }
  if (items.length === 0) return '';
  const list = items.map((item) => `<li>${escapeHtml(item)}</li>`).join('');
  return `<section aria-labelledby="how"><h2 id="how">Fused and repeated</h2><ul>${list}</ul></section>`;
}

function cells({ document, record }: ReportInput, outputs: readonly (readonly NotebookOutput[])[]): string {
  const parsed = JSON.parse(document) as { readonly cells: readonly DocumentCell[] };
  const places = new Map(record.tasks.map((outcome, place) => [outcome.task.index, { outcome, place }]));
  const parts = parsed.cells.map((cell, index) => {
    const source = typeof cell.source === 'string' ? cell.source : cell.source.join('');
    if (cell.cell_type !== 'code') return cell.cell_type === 'markdown' ? prose(source) : '';
    const found = places.get(index);
    if (found === undefined) return codeCell(index, source, undefined, []);
    return codeCell(index, source, found.outcome, outputs[found.place] ?? []);
  });
  return `<section aria-labelledby="notebook"><h2 id="notebook">Notebook</h2>${parts.join('\n')}</section>`;
}

/** Markdown is shown as it was written; only its headings are made headings. */
function prose(source: string): string {
  const html = source.split(/^(#{1,6} .*)$/m).map((part) => {
    const heading = /^#{1,6} (.*)$/.exec(part)?.[1];
    if (heading !== undefined) return `<h3>${escapeHtml(heading)}</h3>`;
    return part.trim() === '' ? '' : `<p class="prose">${escapeHtml(part.trim())}</p>`;
  });
  return html.join('');
}

function codeCell(
  index: number,
  source: string,
  outcome: TaskOutcome | undefined,
  outputs: readonly NotebookOutput[],
): string {
  const status = outcome?.status ?? 'not-run';
  const word = status === 'cached' ? 'reused' : status;
  const title =
    outcome === undefined || outcome.task.executionCount === 0
      ? 'not executed'
      : `[${outcome.task.executionCount}] ${outcome.task.name}, ${word}${status === 'not-run' ? '' : `, ${outcome.seconds.toFixed(2)} s`}`;
  return `<article id="cell-${index}" class="cell ${status}"><h4>${escapeHtml(title)}</h4><pre class="source"><code>${escapeHtml(source)}</code></pre>${outputs.map(showOutput).join('')}</article>`;
}

function identity({ bundle, record }: ReportInput): string {
  const parameters = bundle.parameters.map(({ name, default: value }) => `${name} = ${value}`).join(', ');
  const rows = [
    ['run', record.id],
    ['notebook', bundle.notebook.digest],
    ['kernel', bundle.notebook.kernelName],
    ...(parameters === '' ? [] : [['parameters and their defaults', parameters]]),
  ];
  const items = rows.map(([name = '', value = '']) => `<dt>${name}</dt><dd>${ansiToHtml(value)}</dd>`).join('');
  return `<section aria-labelledby="identity"><h2 id="identity">Which run</h2><dl>${items}</dl></section>`;
}
