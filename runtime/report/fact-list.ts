import { escapeHtml } from './ansi.ts';

/** Names and what is to be said of each, as a list; what is empty is left out. */
export function factList(facts: readonly (readonly [string, string])[]): string {
  const items = facts.flatMap(([name, value]) =>
    value === '' ? [] : [`<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`],
  );
  return `<dl>${items.join('')}</dl>`;
}
