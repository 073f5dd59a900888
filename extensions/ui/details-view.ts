import { diagnosticCatalogue } from '../../compiler/bundle/codes.ts';
import { button, element } from './element.ts';
import type { CellDiagnostic, CellState, Need, PanelHost } from './panel.ts';
import type { PipelineTask } from './pipeline.ts';
import { sayBytes, sayDuration, stateWords } from './state-words.ts';

/** What the details of a cell can do. */
export interface DetailsActions {
  goTo(cell: string, need?: Need['to']): void;
  choose(cell: string): void;
  runCell(cell: string): void;
  debugCell(cell: string): void;
  applyEdit: PanelHost['applyEdit'];
}

/** Everything that is shown of one cell. */
export interface Details {
  readonly state: CellState;
  readonly task: PipelineTask;
  readonly numbers: (cell: string) => number | undefined;
  /** What it shows, ready to be put in; undefined: nothing. */
  readonly outputs: HTMLElement | undefined;
  readonly canRun: boolean;
  readonly again: readonly string[];
}

/** What is known of one cell, in words. */
export function showDetails(
  { state, task, numbers, outputs, canRun, again }: Details,
  act: DetailsActions,
): HTMLElement {
  const { label, number } = state;
  const title = element('h2', { class: 'cw-title' }, [
    element('span', {
      class: `cw-chip cw-is-${state.state}`,
      text: state.letter,
      attributes: { 'aria-hidden': 'true' },
    }),
    `${number === 0 ? '' : `[${number}] `}${label}`,
  ]);
  const amounts = [
    state.words,
    ...(state.seconds === undefined ? [] : [sayDuration(state.seconds)]),
    ...(state.memory === undefined ? [] : [`${sayBytes(state.memory)} of memory`]),
  ];
  return element('div', {}, [
    title,
    element('p', {}, [amounts.join(', '), state.why === '' ? '' : `: ${state.why}`]),
    actions(state, { canRun }, act),
    ...state.diagnostics.map((diagnostic) => showDiagnostic(diagnostic, act)),
    needs('Reads', state.reads.filter(isFlow), { numbers, act, way: 'from' }),
    needs('Is read by', state.writes.filter(isFlow), { numbers, act, way: 'to' }),
    needs('Waits for', state.reads.filter(isOrder), { numbers, act, way: 'from' }),
    ...(task.inTurn.length === 0
      ? []
      : [element('h3', { text: 'Starts when every earlier cell is done' }), listOf(task.inTurn)]),
    more('Imports', [...state.reads.filter(isImported)], { numbers, act, way: 'from' }),
    more(
      'Assumed, for lack of knowledge of a call',
      state.reads.filter(({ assumed }) => assumed),
      { numbers, act, way: 'from' },
    ),
    names('Makes', state.makes),
    again.length === 0
      ? undefined
      : element('div', {}, [element('h3', { text: 'Was started more than once' }), listOf(again)]),
    outputs === undefined ? undefined : element('div', {}, [element('h3', { text: 'Shows' }), outputs]),
  ]);
}

function isOrder({ kind, assumed }: Need): boolean {
  return kind === 'order' && !assumed;
}

function isFlow(need: Need): boolean {
  return need.kind === 'data' && !need.assumed && !need.isImport;
}

function isImported(need: Need): boolean {
  return need.isImport && !need.assumed;
}

function actions(
  { cell, number, state }: CellState,
  { canRun }: { readonly canRun: boolean },
  act: DetailsActions,
): HTMLElement {
  const buttons = [button({ label: 'Go to the cell' }, () => act.goTo(cell))];
  if (canRun && number > 0) buttons.push(button({ label: 'Run this cell' }, () => act.runCell(cell)));
  if (canRun && (state === 'failed' || state === 'gated'))
    buttons.push(button({ label: 'Open it with its inputs' }, () => act.debugCell(cell)));
  return element('div', { class: 'cw-acts' }, buttons);
}

interface NeedsContext {
  readonly numbers: (cell: string) => number | undefined;
  readonly act: DetailsActions;
  readonly way: 'from' | 'to';
}

function needs(title: string, all: readonly Need[], context: NeedsContext): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  return element('div', {}, [element('h3', { text: title }), listNeeds(all, context)]);
}

function more(title: string, all: readonly Need[], context: NeedsContext): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  return element('details', {}, [
    element('summary', { text: `${title} (${all.length}; not drawn)` }),
    listNeeds(all, context),
  ]);
}

function listNeeds(all: readonly Need[], { numbers, act, way }: NeedsContext): HTMLElement {
  const rows = all.map((need) => {
    const number = numbers(need.cell);
    const other = button(
      { label: `${number === undefined ? '' : `[${number}] `}${need.label}`, class: 'cw-link' },
      () => act.choose(need.cell),
    );
    const what = need.carries.map((name, place) => {
      const reason = need.reasons[place] ?? '';
      return element('div', {}, [
        element('code', { text: name }),
        reason === '' ? '' : ` because of `,
        reasonText(reason),
      ]);
    });
    return element('li', {}, [
      element('div', { class: 'cw-soft' }, [way === 'from' ? 'from ' : 'by ', other]),
      ...what,
    ]);
  });
  return element('ul', { class: 'cw-needs' }, rows);
}

function reasonText(reason: string): Node {
  return reason === '' ? document.createTextNode('') : element('code', { class: 'cw-soft', text: reason });
}

function names(title: string, all: readonly string[]): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  return element('div', {}, [
    element('h3', { text: title }),
    element('p', {}, [element('code', { text: all.join(', ') })]),
  ]);
}

function listOf(lines: readonly string[]): HTMLElement {
  return element(
    'ul',
    { class: 'cw-needs' },
    lines.map((line) => element('li', { text: line })),
  );
}

/** What, why, and what to do: in this order. */
export function showDiagnostic(
  diagnostic: CellDiagnostic,
  { goTo, applyEdit }: Pick<DetailsActions, 'goTo' | 'applyEdit'>,
): HTMLElement {
  const { code, severity, message, help, location, remedies } = diagnostic;
  const entry = diagnosticCatalogue[code];
  const place = location === undefined ? undefined : (): void => goTo(location.cell, location.range);
  const offered =
    applyEdit === undefined ? [] : remedies.map(({ title, edit }) => button({ label: title }, () => applyEdit(edit)));
  const where = place === undefined ? [] : [button({ label: 'Show the place' }, place)];
  return element('div', { class: `cw-said cw-${severity}` }, [
    element('p', {}, [
      element('b', { text: message }),
      ` `,
      element('span', { class: 'cw-soft', text: `${severity} ${code}` }),
    ]),
    element('p', { text: help }),
    element('details', {}, [
      element('summary', { text: 'Why' }),
      element('p', { text: entry.why }),
      element('p', { text: entry.next }),
    ]),
    offered.length + where.length === 0 ? '' : element('div', { class: 'cw-acts' }, [...offered, ...where]),
  ]);
}

/** What the letters mean. */
export function showLegend(): HTMLElement {
  const rows = Object.entries(stateWords).map(([name, { letter, words, meaning }]) =>
    element('li', {}, [
      element('span', { class: `cw-chip cw-is-${name}`, text: letter, attributes: { 'aria-hidden': 'true' } }),
      element('span', {}, [element('b', { text: words }), ` ${meaning}`]),
    ]),
  );
  return element('ul', { class: 'cw-legend' }, rows);
}
