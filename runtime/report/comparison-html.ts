import type { CellChange, LoggedRun, RecordChange, RecordComparison } from '../history/compare-records.ts';
import { escapeHtml } from './ansi.ts';
import { htmlPage } from './html-page.ts';
import { showOutput } from './show-output.ts';

const style = `
.sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 12px; } .sides > div { border: 1px solid var(--line); padding: 6px 10px; min-width: 0; } .sides h4 { margin: 0 0 4px; font-size: 13px; color: var(--soft); }
.gone { color: var(--bad); } .new { color: var(--good); } @media (max-width: 700px) { .sides { grid-template-columns: minmax(0, 1fr); } }
`;

/** Two runs compared, as one HTML file that asks the network for nothing and runs no program. */
export function renderComparison(comparison: RecordComparison, before: LoggedRun, now: LoggedRun): string {
  const title = `${before.id} and ${now.id}`;
  const verdict =
    comparison.effects.length === 0
      ? 'Every cell shows the same.'
      : `${comparison.effects.length} cells differ, ${comparison.equal} show the same.`;
  const which = `<p><strong>${escapeHtml(before.id)}</strong> and <strong>${escapeHtml(now.id)}</strong></p>`;
  const sections = [
    `<section class="verdict" aria-label="Verdict">${which}<p>${escapeHtml(verdict)}</p></section>`,
    causes(comparison.causes),
    effects(comparison.effects),
  ];
  return htmlPage({ title, heading: 'Two runs compared', style, hasFonts: true, sections });
}

function causes(all: readonly RecordChange[]): string {
  const head = ['what', 'name', 'before', 'now'].map((word) => `<th scope="col">${word}</th>`).join('');
  const rows = all.map(({ kind, name, before, now }) => {
    const cell = (text: string | undefined): string => `<td>${escapeHtml(text ?? 'none')}</td>`;
    return `<tr><td>${kind}</td><th scope="row">${escapeHtml(name)}</th>${cell(before)}${cell(now)}</tr>`;
  });
  const table =
    all.length === 0
      ? '<p>Code, parameters, data and environment are the same.</p>'
      : `<div class="wide" tabindex="0" role="group" aria-label="Causes, scrollable"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  const code = all
    .filter(({ kind }) => kind === 'code')
    .map(({ name, lines }) => `<h3>${escapeHtml(name)}</h3>${difference(lines)}`);
  return `<section aria-labelledby="causes"><h2 id="causes">What they were made on</h2>${table}${code.join('')}</section>`;
}

/** Changes are told by their signs, the colour only helps. */
function difference(lines: readonly string[]): string {
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

function effects(all: readonly CellChange[]): string {
  if (all.length === 0) return '';
  const cells = all.map((change) => {
    const { number, name, kind, because, outputs, before, now } = change;
    const head = `[${number ?? '?'}] ${name}${kind === 'differs' ? '' : `, ${kind}`}`;
    const why = because.length === 0 ? '' : `<p class="note">because of ${escapeHtml(because.join(', '))}</p>`;
    const said = outputs.map(({ what, lines }) => `<p>${escapeHtml(what)}</p>${difference(lines)}`).join('');
    const sides = `<div class="sides">${side('before', before)}${side('now', now)}</div>`;
    return `<article class="cell"><h3>${escapeHtml(head)}</h3>${why}${said}${sides}</article>`;
  });
  return `<section aria-labelledby="effects"><h2 id="effects">What came of it</h2>${cells.join('\n')}</section>`;
}

function side(word: string, outputs: CellChange['now']): string {
  const shown = outputs.length === 0 ? '<p class="note">nothing</p>' : outputs.map(showOutput).join('');
  return `<div><h4>${word}</h4>${shown}</div>`;
}
