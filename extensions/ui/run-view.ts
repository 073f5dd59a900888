import { button, element } from './element.ts';
import { showDiagnostic, type DetailsActions } from './details-view.ts';
import type { CellDiagnostic } from './panel.ts';
import type { RunCell, RunState } from './run-fold.ts';
import type { ShownOutputs } from './shown-outputs.ts';
import { sayBytes, sayDuration, sayTime, stateWords } from './state-words.ts';
import type { CellStateName } from './panel.ts';
import type { Pipeline } from './pipeline.ts';

/** What is shown of a run besides its events. */
export interface ShownRun {
  readonly run: RunState;
  readonly pipeline: Pipeline | undefined;
  readonly diagnostics: readonly CellDiagnostic[];
  readonly outputs: ShownOutputs;
}

/** What the page of a run can do. */
export interface RunActions extends Pick<DetailsActions, 'goTo' | 'choose' | 'applyEdit'> {
  openReport(): void;
  compareWithBefore(run: string): void;
  /** Shows another run. */
  show(run: string): void;
  /** Goes back to the current run; undefined when that is the one that is shown. */
  readonly showCurrent: (() => void) | undefined;
}

const endWords: Readonly<Record<NonNullable<RunState['end']>, string>> = {
  ok: 'came to its end',
  failed: 'failed',
  refused: 'was refused',
  interrupted: 'was interrupted; what has finished is kept',
  killed: 'ended without a word: its process was killed. What has finished is kept',
};

/** A run: how far it is, what it reused, what came of it. */
export function showRun(shown: ShownRun, act: RunActions): HTMLElement {
  const { run, diagnostics } = shown;
  if (run.variants.size > 0) return showMatrix(run, act);
  const cells = [...run.cells.values()];
  const count = (status: RunCell['status']): number => cells.filter((cell) => cell.status === status).length;
  const ended = count('ran') + count('cached') + count('failed') + count('not-run');
  return element('div', { class: 'cw-pad' }, [
    element('h2', { text: `Run ${run.id}` }),
    element('p', { text: headline(run) }),
    bar(ended, run),
    element('div', { class: 'cw-cards' }, [
      card('executed', String(count('ran'))),
      card('reused', String(count('cached'))),
      ...(count('failed') > 0 ? [card('failed', String(count('failed')))] : []),
      ...(count('not-run') > 0 ? [card('not run', String(count('not-run')))] : []),
      ...(run.total > ended && run.end === undefined ? [card('to do', String(run.total - ended))] : []),
      card('largest process', largest(cells)),
    ]),
    element('div', { class: 'cw-acts' }, [
      ...(act.showCurrent === undefined ? [] : [button({ label: 'Back to the current run' }, act.showCurrent)]),
      ...(run.end === undefined ? [] : [button({ label: 'Open the report' }, () => act.openReport())]),
      ...(run.end === undefined
        ? []
        : [button({ label: 'Compare with the run before' }, () => act.compareWithBefore(run.id))]),
    ]),
    ...facts(run),
    ...diagnostics.map((diagnostic) => showDiagnostic(diagnostic, act)),
    ...measures(run, act),
    element('h3', { text: 'Cells' }),
    cellTable(shown, act),
  ]);
}

/** The runs of a matrix, one for each combination of values, with the metrics of each beside each other. */
function showMatrix(run: RunState, act: RunActions): HTMLElement {
  const variants = [...run.variants.values()];
  const names = [...new Set(variants.flatMap(({ metrics }) => metrics.map(({ metric }) => metric)))];
  const rows = variants.map((variant) => {
    const cells = [...variant.cells.values()];
    const count = (...wanted: RunCell['status'][]): number =>
      cells.filter(({ status }) => wanted.includes(status)).length;
    const values = variant.parameters.map(({ name, value }) => `${name} = ${value}`).join(', ');
    const closed = variant.gates.find(({ holds }) => !holds);
    const end =
      closed !== undefined ? 'gate' : (variant.end ?? `${count('ran', 'cached', 'failed')} of ${variant.total}`);
    const metrics = names.map((name) => {
      const found = variant.metrics.find(({ metric }) => metric === name);
      return element('td', { class: 'cw-number', text: found === undefined ? '' : shorten(found.value) });
    });
    return element('tr', {}, [
      element('td', {}, [
        button({ label: values === '' ? variant.id : values, class: 'cw-link' }, () => act.show(variant.id)),
      ]),
      element('td', { text: end }),
      element('td', { class: 'cw-number', text: `${count('ran')} / ${count('cached')}` }),
      ...metrics,
    ]);
  });
  const head = ['values', 'state', 'executed / reused', ...names].map((text, place) =>
    element('th', { text, attributes: { scope: 'col' }, class: place > 1 ? 'cw-number' : undefined }),
  );
  return element('div', { class: 'cw-pad' }, [
    element('h2', { text: `Variants ${run.id}` }),
    element('p', { text: headline(run) }),
    element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)]),
  ]);
}

function headline({ since, end, seconds, notices }: RunState): string {
  const began = since === undefined ? '' : `Began ${sayTime(since, Date.now())}`;
  const state = end === undefined ? 'is going on' : endWords[end];
  const time = seconds === undefined ? '' : ` after ${sayDuration(seconds)}`;
  return `${[began, `it ${state}${time}`].filter((text) => text !== '').join('; ')}.${notices.length === 0 ? '' : ` ${notices.at(-1) ?? ''}`}`;
}

function bar(ended: number, { total, end }: RunState): HTMLElement {
  const inner = element('div');
  const share = total === 0 ? 0 : Math.min(100, Math.round((100 * ended) / total));
  inner.style.width = `${share}%`;
  const isBad = end !== undefined && end !== 'ok';
  return element(
    'div',
    {
      class: isBad ? 'cw-bar cw-bad' : 'cw-bar',
      attributes: {
        role: 'progressbar',
        'aria-label': 'Cells that have come to their end',
        'aria-valuenow': ended,
        'aria-valuemin': 0,
        'aria-valuemax': Math.max(total, ended),
      },
    },
    [inner],
  );
}

function card(what: string, amount: string): HTMLElement {
  return element('div', { class: 'cw-card' }, [
    element('b', { text: amount }),
    element('span', { class: 'cw-soft', text: what }),
  ]);
}

function largest(cells: readonly RunCell[]): string {
  const most = Math.max(0, ...cells.map(({ memory, status }) => (status === 'cached' ? 0 : (memory ?? 0))));
  return most === 0 ? '–' : sayBytes(most);
}

function facts({ lane, restarts, parameters, cells }: RunState): readonly HTMLElement[] {
  const from = new Set([...cells.values()].flatMap((cell) => (cell.from === undefined ? [] : [cell.from])));
  return [
    ...(parameters.length === 0
      ? []
      : [
          element('p', { text: `Parameters: ${parameters.map(({ name, value }) => `${name} = ${value}`).join(', ')}` }),
        ]),
    ...(from.size === 0 ? [] : [element('p', { text: `Results were reused from ${[...from].join(', ')}.` })]),
    ...(lane === undefined ? [] : [element('p', { text: `All cells run in one process: ${lane}.` })]),
    ...restarts.map((reason) => element('p', { text: `All cells started again: ${reason}.` })),
  ];
}

function measures({ metrics, gates }: RunState, act: RunActions): readonly HTMLElement[] {
  const shown: HTMLElement[] = [];
  if (metrics.length > 0) {
    shown.push(
      element('h3', { text: 'Metrics' }),
      element(
        'div',
        { class: 'cw-cards' },
        metrics.map(({ metric, value }) => card(metric, shorten(value))),
      ),
    );
  }
  if (gates.length > 0) {
    const rows = gates.map(({ cell, name, condition, holds, why }) =>
      element('li', {}, [
        chip(holds ? 'done' : 'gated'),
        ` ${condition === '' ? 'assertion' : condition} ${holds ? 'holds' : 'does not hold'}${why === '' ? '' : ` (${why})`}, `,
        button({ label: name, class: 'cw-link' }, () => act.choose(cell)),
      ]),
    );
    shown.push(element('h3', { text: 'Gates' }), element('ul', { class: 'cw-needs' }, rows));
  }
  return shown;
}

/** A number as people read it; what is no number stays. */
function shorten(value: string): string {
  const number = Number(value);
  return Number.isFinite(number) && !Number.isInteger(number) ? String(Number(number.toPrecision(5))) : value;
}

function chip(state: CellStateName): HTMLElement {
  return element('span', {
    class: `cw-chip cw-is-${state}`,
    text: stateWords[state].letter,
    attributes: { 'aria-hidden': 'true' },
  });
}

const stateOfStatus: Readonly<Record<RunCell['status'], CellStateName>> = {
  running: 'running',
  ran: 'done',
  cached: 'cached',
  failed: 'failed',
  'not-run': 'not-run',
  waiting: 'will-run',
  stopped: 'not-run',
};

const statusWords: Readonly<Record<RunCell['status'], string>> = {
  running: 'running',
  ran: 'executed',
  cached: 'reused',
  failed: 'failed',
  'not-run': 'not run',
  waiting: 'waits',
  stopped: 'stopped',
};

function cellTable({ run, pipeline, outputs }: ShownRun, act: RunActions): HTMLElement {
  const order = new Map(pipeline?.tasks.map(({ id }, place) => [id, place]));
  const cells = [...run.cells.values()].sort(
    (left, right) => (order.get(left.cell) ?? 1e9) - (order.get(right.cell) ?? 1e9),
  );
  const rows = cells.map((cell) => {
    const seconds =
      cell.status === 'running' && cell.since !== undefined ? (Date.now() - cell.since) / 1000 : cell.seconds;
    const isClosed = run.gates.some((gate) => gate.cell === cell.cell && !gate.holds);
    const state = isClosed ? 'gated' : stateOfStatus[cell.status];
    const why = cell.error ?? (cell.from === undefined ? cell.reason : `from ${cell.from}`);
    return element('tr', {}, [
      element('td', {}, [chip(state)]),
      element('td', {}, [button({ label: cell.name, class: 'cw-link' }, () => act.choose(cell.cell))]),
      element('td', { text: isClosed ? 'gate does not hold' : statusWords[cell.status] }),
      element('td', { class: 'cw-number', text: seconds === undefined ? '' : sayDuration(seconds) }),
      element('td', { class: 'cw-number', text: cell.memory === undefined ? '' : sayBytes(cell.memory) }),
      element('td', { class: 'cw-soft', text: why }),
    ]);
  });
  const head = ['', 'cell', 'state', 'time', 'memory', 'why'].map((text) =>
    element('th', {
      text,
      attributes: { scope: 'col' },
      class: text === 'time' || text === 'memory' ? 'cw-number' : undefined,
    }),
  );
  const empty = head[0];
  empty?.append(element('span', { class: 'cw-hidden', text: 'letter' }));
  const table = element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)]);
  return element('div', {}, [table, ...outputsOf(run, cells, outputs)]);
}

function outputsOf(run: RunState, cells: readonly RunCell[], known: ShownOutputs): readonly HTMLElement[] {
  const shown = cells.flatMap(({ cell, name }) => {
    const outputs = run.outputs.get(cell) ?? [];
    if (outputs.length === 0) return [];
    const isOpen = outputs.some((output) => output['output_type'] === 'error');
    return [
      element('details', { attributes: { open: isOpen } }, [
        element('summary', { text: name }),
        known.of(cell, outputs),
      ]),
    ];
  });
  return shown.length === 0 ? [] : [element('h3', { text: 'What the cells show' }), ...shown];
}
