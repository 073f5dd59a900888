import type { CellChange, LoggedRun, RecordChange, RecordComparison } from '../history/compare-records.ts';
import { shortDigest } from '../history/amounts.ts';
import { escapeHtml } from './ansi.ts';
import { htmlPage } from './html-page.ts';
import { timeOf } from './record-words.ts';
import { showOutput } from './show-output.ts';
import { plainTable } from './table.ts';

const style = `
.sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; } .sides > div { border: 1px solid var(--line); padding: 6px 10px; min-width: 0; } .sides h4 { margin: 0 0 4px; font-size: 13px; color: var(--soft); }
.gone { color: var(--bad); } .new { color: var(--good); } @media (max-width: 700px) { .sides { grid-template-columns: minmax(0, 1fr); } }
`;

/** Two runs compared, as one HTML file that asks the network for nothing and runs no program. */
export function renderComparison(comparison: RecordComparison, before: LoggedRun, now: LoggedRun): string {
  const { causes, effects, equal } = comparison;
  const title = `${before.id} and ${now.id}`;
  const said =
    effects.length === 0
      ? 'Every cell shows the same.'
      : `${effects.length} ${effects.length === 1 ? 'cell differs' : 'cells differ'}, ${equal} ${equal === 1 ? 'shows' : 'show'} the same.`;
  const verdict = `<section class="verdict ${effects.length === 0 ? 'good' : 'plain'}" aria-label="Verdict"><p class="said"><strong>${effects.length === 0 ? 'the same' : 'different'}</strong> ${escapeHtml(said)}</p>${sideTable(before, now)}</section>`;
  const code = causes
    .filter(({ kind }) => kind === 'code')
    .map(({ name, lines }) => `<h3>${escapeHtml(name)}</h3>${difference(lines)}`);
  const table =
    causes.length === 0 ? '<p>Code, parameters, data and environment are the same.</p>' : causeTable(causes);
  const sections = [
    { id: 'causes', title: 'What they were made on', body: table + code.join('') },
    effects.length === 0 ? undefined : { id: 'effects', title: 'What came of it', body: effectParts(effects) },
  ];
  const heading = 'Two runs compared';
  return htmlPage({ title, heading, kind: 'Comparison', style, hasFonts: true, verdict, sections });
}

function sideTable(before: LoggedRun, now: LoggedRun): string {
  const rows = [['before', before] as const, ['now', now] as const].map(
    ([word, { id, run }]) =>
      `<tr><th scope="row">${word}</th><td>${escapeHtml(id)}</td><td>${timeOf(run.from)}</td><td>${run.status}</td></tr>`,
  );
  return plainTable('The two runs', { head: ['', 'run', 'when (UTC)', 'ended'], rows, isNarrow: true });
}

/** What two runs were made on, where it is not the same. */
export function causeTable(all: readonly RecordChange[]): string {
  const rows = all.map(({ kind, name, before, now }) => {
    const cell = (text: string | undefined): string =>
      `<td><code>${escapeHtml(shortDigest(text ?? 'none'))}</code></td>`;
    return `<tr><td>${kind}</td><th scope="row">${escapeHtml(name)}</th>${cell(before)}${cell(now)}</tr>`;
  });
  return plainTable('Causes', { head: ['what', 'name', 'before', 'now'], rows });
}

/** Lines that came and went: told by their signs, the colour only helps. */
export function difference(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const shown = lines.map((line) => {
    const text = escapeHtml(line);
    return line.startsWith('-')
      ? `<span class="gone">${text}</span>`
      : line.startsWith('+')
        ? `<span class="new">${text}</span>`
        : text;
  });
  return `<pre class="source"><code>${shown.join('\n')}</code></pre>`;
}

function effectParts(all: readonly CellChange[]): string {
  const cells = all.map((change) => {
    const { number, name, kind, because, outputs, before, now } = change;
    const head = `[${number ?? '?'}] ${name}${kind === 'differs' ? '' : `, ${kind}`}`;
    const why = because.length === 0 ? '' : `<p class="note">because of ${escapeHtml(because.join(', '))}</p>`;
    const said = outputs.map(({ what, lines }) => `<p>${escapeHtml(what)}</p>${difference(lines)}`).join('');
    const sides = `<div class="sides">${side('before', before)}${side('now', now)}</div>`;
    return `<article class="cell"><h3>${escapeHtml(head)}</h3>${why}${said}${sides}</article>`;
  });
  return cells.join('\n');
}

function side(word: string, outputs: CellChange['now']): string {
  const shown = outputs.length === 0 ? '<p class="note">nothing</p>' : outputs.map(showOutput).join('');
  return `<div><h4>${word}</h4>${shown}</div>`;
}
