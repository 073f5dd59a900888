import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellState, CellStateName } from '../../ui/panel.ts';

/** What is said under a cell: what, why, and what can be done with one click. */
export interface CellMessage {
  readonly kind: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly what: string;
  readonly why: string;
  readonly actions: readonly CellAction[];
}

export interface CellAction {
  readonly title: string;
  readonly act: () => void;
}

/** What the buttons of a message can do with its cell. */
export interface CellActions {
  readonly applyEdit: (edit: CellState['diagnostics'][number]['remedies'][number]['edit']) => void;
  readonly runCell: (cell: string) => void;
  readonly debugCell: (cell: string) => void;
  readonly goTo: (cell: string) => void;
}

/** States that need a word of their own when no diagnostic has said it. */
const told: Partial<Record<CellStateName, CellMessage['kind']>> = { failed: 'error', gated: 'error', fused: 'info' };

/** Refusals, failures and what makes cells run together; of other remarks only warnings. */
export function messagesOf(state: CellState, actions: CellActions, trans: TranslationBundle): readonly CellMessage[] {
  const { cell, words, why } = state;
  const messages = state.diagnostics
    .filter(({ severity }) => severity !== 'info')
    .map(({ severity, code, message, help, remedies }): CellMessage => ({
      kind: severity,
      code,
      what: message,
      why: help,
      actions: remedies.map(({ title, edit }) => ({ title, act: () => actions.applyEdit(edit) })),
    }));
  const kind = state.stale ? undefined : told[state.state];
  if (kind === undefined) return messages;
  const ofItself: CellMessage = {
    kind,
    code: '',
    what: trans.__('Pipeline: %1', words),
    why,
    actions:
      kind === 'info'
        ? makersOf(state).map(({ cell: maker, label }) => ({
            title: trans.__('Show %1, which made it', label),
            act: () => actions.goTo(maker),
          }))
        : [
            { title: trans.__('Run it again'), act: () => actions.runCell(cell) },
            { title: trans.__('Open it with its inputs'), act: () => actions.debugCell(cell) },
          ],
  };
  return [ofItself, ...messages];
}

/** The cells that a cell has what only their process holds from, as the reason names it. */
function makersOf({ why, reads }: CellState): CellState['reads'] {
  const words = new Set(why.split(/[\s,]+/));
  return reads.filter(({ carries }) => carries.some((name) => words.has(name)));
}

/** A message as it stands under its cell. */
export function messageElement({ kind, code, what, why, actions }: CellMessage): HTMLElement {
  const element = document.createElement('div');
  element.className = 'cellwright-message';
  element.dataset['kind'] = kind;
  const strong = document.createElement('strong');
  strong.textContent = what;
  const tag = document.createElement('code');
  tag.textContent = code;
  const more = document.createElement('span');
  more.textContent = why;
  element.append(strong, ...(code === '' ? [] : [tag]), more);
  for (const { title, act } of actions) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-Button jp-mod-styled jp-mod-minimal cellwright-remedy';
    button.textContent = title;
    button.onclick = act;
    element.append(button);
  }
  return element;
}
