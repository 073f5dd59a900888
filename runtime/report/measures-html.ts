import { asNumber, showMeasure } from '../measures/formula.ts';
import type { GateVerdict } from '../measures/verdict.ts';
import type { Slice } from '../process/protocol.ts';
import { escapeHtml } from './ansi.ts';
import type { Section } from './html-page.ts';
import { plainTable } from './table.ts';

/** A gate with the cell that has it, as HTML. */
export type ShownGate = GateVerdict & { readonly cell: string };

/** Gates as a section; undefined when there are none. Those that do not hold come first. */
export function gatesSection(gates: readonly ShownGate[], title = 'Gates'): Section | undefined {
  if (gates.length === 0) return undefined;
  const ordered = [...gates.filter(({ holds }) => !holds), ...gates.filter(({ holds }) => holds)];
  const told = ordered.some(({ why }) => why !== '');
  const rows = ordered.map(({ cell, condition, holds, values, why }) => {
    const seen = Object.entries(values).map(([what, value]) => `${what} = ${value}`);
    const verdict = holds ? '<span class="pill good">holds</span>' : '<span class="pill bad">does not hold</span>';
    const reason = told ? `<td>${escapeHtml(why)}</td>` : '';
    return `<tr><td>${verdict}</td><th scope="row"><code>${escapeHtml(condition === '' ? 'the cell' : condition)}</code></th><td><code>${escapeHtml(seen.join(', '))}</code></td>${reason}<td>${cell}</td></tr>`;
  });
  const head = ['verdict', 'condition', 'seen', ...(told ? ['why'] : []), 'cell'];
  return { id: 'gates', title, body: plainTable(title, { head, rows }) };
}

/** Metrics of groups as a section, with a bar for each; undefined when there are none. */
export function slicesSection(slices: readonly Slice[], title = 'Groups'): Section | undefined {
  if (slices.length === 0) return undefined;
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
  return { id: 'groups', title, body: parts.join('') };
}
