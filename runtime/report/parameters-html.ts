import type { Bundle } from '../../compiler/bundle/format.ts';
import { parameterText } from '../history/parameter-text.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { runtimeOf } from '../languages/registry.ts';
import { escapeHtml } from './ansi.ts';
import type { Section } from './html-page.ts';
import { plainTable } from './table.ts';

/** The parameters with the values of this run; undefined when the notebook has none. */
export function parametersSection({ parameters, notebook }: Bundle, run: RecordedRun | undefined): Section | undefined {
  const { parameters: given = [], variant } = run?.started?.origin ?? {};
  const values = new Map([...given, ...(variant?.values ?? [])].map(({ name, value }) => [name, parameterText(value)]));
  const declared = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const names = [...new Set([...declared.keys(), ...values.keys()])];
  if (names.length === 0) return undefined;
  const isGiven = values.size > 0;
  const { typeNames } = runtimeOf(notebook.language);
  const rows = names.map((name) => {
    const value = values.get(name);
    const parameter = declared.get(name);
    const usual = parameter?.required === true ? '' : (parameter?.default ?? '');
    const given = value === undefined ? '' : `<code><strong>${escapeHtml(value)}</strong></code>`;
    return `<tr><th scope="row"><code>${escapeHtml(name)}</code></th>${isGiven ? `<td>${given}</td>` : ''}<td><code>${escapeHtml(usual)}</code></td><td>${parameter === undefined ? '' : (typeNames[parameter.type] ?? parameter.type)}</td></tr>`;
  });
  const head = ['parameter', ...(isGiven ? ['given'] : []), 'default', 'type'];
  return { id: 'parameters', title: 'Parameters', body: plainTable('Parameters', { head, rows, isNarrow: true }) };
}
