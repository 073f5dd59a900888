import { asNumber, showMeasure } from '../measures/formula.ts';
import type { GateVerdict } from '../measures/verdict.ts';
import type { Measure, Slice } from '../process/protocol.ts';
import { escapeHtml } from './ansi.ts';

/** Gates as a section; empty when there are none. */
export function gatesSection(gates: readonly (GateVerdict & { readonly name: string })[], title = 'Gates'): string {
  if (gates.length === 0) return '';
  const rows = gates.map(({ name, condition, holds, values, why }) => {
    const seen = Object.entries(values).map(([what, value]) => `${what} = ${value}`);
    const cells = [holds ? 'holds' : 'does not hold', seen.join(', '), why].map(
      (text) => `<td>${escapeHtml(text)}</td>`,
    );
    return `<tr class="${holds ? 'cached' : 'failed'}"><td>${escapeHtml(name)}</td><th scope="row"><code>${escapeHtml(condition)}</code></th>${cells.join('')}</tr>`;
  });
  return table('gates', title, { head: ['task', 'condition', 'verdict', 'seen', 'why'], rows });
}

/** Metrics of one run as a section; empty when there are none. */
export function metricsSection(
  metrics: readonly { readonly name: string; readonly metric: string; readonly value: Measure }[],
): string {
  if (metrics.length === 0) return '';
  const rows = metrics.map(
    ({ name, metric, value }) =>
      `<tr><th scope="row">${escapeHtml(metric)}</th><td class="number">${showMeasure(value)}</td><td>${escapeHtml(name)}</td></tr>`,
  );
  return table('metrics', 'Metrics', { head: ['metric', 'value', 'task'], rows, numbers: [1] });
}

/** Metrics of groups as a section, with a bar for each; empty when there are none. */
export function slicesSection(slices: readonly Slice[], title = 'Groups'): string {
  if (slices.length === 0) return '';
  const parts = slices.map(({ metric, column, groups, left }, place) => {
    const numbers = groups.flatMap(({ value }) => (value === null ? [] : [Math.abs(asNumber(value))]));
    const most = Math.max(Number.MIN_VALUE, ...numbers.filter(Number.isFinite));
    const rows = groups.map(({ group, rows: count, value, why }) => {
      const share = value === null ? 0 : (100 * Math.abs(asNumber(value))) / most;
      const bar = Number.isFinite(share) ? `<div style="width:${share.toFixed(1)}%"></div>` : '';
      const shown = value === null ? escapeHtml(why ?? 'none') : showMeasure(value);
      return `<tr><th scope="row">${escapeHtml(group)}</th><td class="number">${count}</td><td class="number">${shown}</td><td class="bar">${bar}</td></tr>`;
    });
    const rest = left === 0 ? '' : `<p class="note">${left} smaller groups are left out.</p>`;
    const words = `${metric} for each ${column}`;
    const shown = plainTable(words, { head: [column, 'rows', metric, ''], rows, numbers: [1, 2] });
    return `<h3 id="slice-${place}">${escapeHtml(words)}</h3>${shown}${rest}`;
  });
  return `<section aria-labelledby="groups"><h2 id="groups">${escapeHtml(title)}</h2>${parts.join('')}</section>`;
}

interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly string[];
  /** Places of columns of numbers; such a table is no wider than it has to be. */
  readonly numbers?: readonly number[];
}

function table(id: string, title: string, rows: Rows): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeHtml(title)}</h2>${plainTable(title, rows)}</section>`;
}

function plainTable(title: string, { head, rows, numbers = [] }: Rows): string {
  const columns = head
    .map((word, place) =>
      word === ''
        ? '<td></td>'
        : `<th scope="col"${numbers.includes(place) ? ' class="number"' : ''}>${escapeHtml(word)}</th>`,
    )
    .join('');
  const look = numbers.length > 0 ? ' class="narrow"' : '';
  return `<div class="wide" tabindex="0" role="group" aria-label="${escapeHtml(title)}, scrollable"><table${look}><thead><tr>${columns}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
