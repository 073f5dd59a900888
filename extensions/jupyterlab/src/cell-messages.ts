import type { TranslationBundle } from '@jupyterlab/translation';
import type { CellState, Remedy } from '../../ui/panel.ts';
import type { NotebookHost } from './notebook-host.ts';

/** What is said under a cell: what, why, and what can be done with one click. */
export interface CellMessage {
  readonly kind: 'error' | 'warning' | 'info';
  readonly code: string;
  readonly what: string;
  readonly todo: string;
  readonly remedies: readonly Remedy[];
}

/** Refusals, failures and what makes cells run together; of other remarks only warnings. */
export function messagesOf(state: CellState): readonly CellMessage[] {
  const told = state.diagnostics
    .filter(({ severity }) => severity !== 'info')
    .map(({ severity, code, message, help, remedies }) => ({
      kind: severity,
      code,
      what: message,
      todo: help,
      remedies,
    }));
  if (state.state !== 'fused' || told.length > 0) return told;
  return [{ kind: 'info', code: '', what: state.words, todo: state.why, remedies: [] }];
}

/** A message as it stands under its cell. */
export function messageElement(message: CellMessage, host: NotebookHost, trans: TranslationBundle): HTMLElement {
  const element = document.createElement('div');
  element.className = 'cellwright-message';
  element.dataset['kind'] = message.kind;
  element.setAttribute('role', 'note');
  element.setAttribute('aria-label', trans.__('Pipeline: %1', message.what));
  const what = document.createElement('strong');
  what.textContent = message.what;
  const code = document.createElement('code');
  code.textContent = message.code;
  const todo = document.createElement('span');
  todo.textContent = message.todo;
  element.append(what, ...(message.code === '' ? [] : [code]), todo);
  for (const remedy of message.remedies) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-Button jp-mod-styled jp-mod-minimal cellwright-remedy';
    button.textContent = remedy.title;
    button.onclick = () => host.applyEdit(remedy.edit);
    element.append(button);
  }
  return element;
}
