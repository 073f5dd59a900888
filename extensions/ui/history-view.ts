import type { CommandDocument } from '../service/protocol.ts';
import { button, element } from './element.ts';
import { sayDuration, sayTime } from './state-words.ts';

/** What the page of earlier runs can do. */
export interface HistoryActions {
  show(run: string): void;
  compare(before: string, now: string): void;
}

/** A run that was recorded, as `cellwright runs` lists it. */
interface ListedRun {
  readonly run: string;
  readonly outcome: string;
  readonly started: string;
  readonly seconds: number | null;
  readonly ran: number;
  readonly reused: number;
  readonly failed: number;
  readonly pinned: boolean;
  readonly parameters: readonly { readonly name: string; readonly value: unknown }[];
}

/** The recorded runs, the newest first. @param document of `cellwright runs`; undefined when it cannot be had */
export function showHistory(document: CommandDocument | undefined, act: HistoryActions): HTMLElement {
  const runs = (document?.['runs'] ?? []) as readonly ListedRun[];
  if (runs.length === 0) return element('p', { class: 'cw-pad cw-soft', text: 'No run of this notebook is recorded.' });
  const rows = runs.map((run, place) => {
    const earlier = runs[place + 1];
    const parameters = run.parameters.map(({ name, value }) => `${name} = ${JSON.stringify(value)}`).join(', ');
    return element('tr', {}, [
      element('td', {}, [
        button({ label: run.run, class: 'cw-link' }, () => act.show(run.run)),
        element('div', { class: 'cw-soft', text: sayTime(Date.parse(run.started), Date.now()) }),
      ]),
      element('td', {}, [
        run.outcome,
        run.pinned ? ', pinned' : '',
        element('div', { class: 'cw-soft', text: parameters }),
      ]),
      element('td', { class: 'cw-number', text: `${run.ran} / ${run.reused} / ${run.failed}` }),
      element('td', { class: 'cw-number', text: run.seconds === null ? '' : sayDuration(run.seconds) }),
      element('td', {}, [
        earlier === undefined
          ? ''
          : button({ label: 'Compare', attributes: { 'aria-label': `Compare ${run.run} with ${earlier.run}` } }, () =>
              act.compare(earlier.run, run.run),
            ),
      ]),
    ]);
  });
  const head = ['run', 'ended', 'executed / reused / failed', 'time', 'compare'].map((text, place) =>
    element('th', {
      text,
      attributes: { scope: 'col' },
      class: place === 2 || place === 3 ? 'cw-number' : undefined,
    }),
  );
  return element('div', { class: 'cw-pad' }, [
    element('table', {}, [element('thead', {}, [element('tr', {}, head)]), element('tbody', {}, rows)]),
  ]);
}

interface Cause {
  readonly kind: string;
  readonly name: string;
  readonly before: string | null;
  readonly now: string | null;
  readonly lines: readonly string[];
}

interface Effect {
  readonly name: string;
  readonly kind: string;
  readonly because: readonly string[];
  readonly executionCount: number | null;
  readonly outputs: readonly { readonly what: string; readonly lines: readonly string[] }[];
}

/** The document of `cellwright diff`: what two runs were made on, and then what came of it. */
export function showComparison(
  document: CommandDocument,
  act: { choose(task: string): void; back(): void },
): HTMLElement {
  const causes = (document['causes'] ?? []) as readonly Cause[];
  const effects = (document['effects'] ?? []) as readonly Effect[];
  const equal = Number(document['equal'] ?? 0);
  return element('div', { class: 'cw-pad' }, [
    element('div', { class: 'cw-acts' }, [button({ label: 'Back to all runs' }, () => act.back())]),
    element('h2', { text: `${String(document['before'])} and ${String(document['now'])}` }),
    element('h3', { text: 'Made on' }),
    ...(causes.length === 0
      ? [element('p', { text: 'Code, parameters, data and environment are the same.' })]
      : causes.map(showCause)),
    element('h3', { text: 'What the cells show' }),
    element('p', {
      text:
        effects.length === 0
          ? 'No cell shows something else.'
          : `${effects.length === 1 ? '1 cell differs' : `${effects.length} cells differ`}, ${equal} show the same.`,
    }),
    ...effects.map((effect) => showEffect(effect, act)),
  ]);
}

function showCause({ kind, name, before, now, lines }: Cause): HTMLElement {
  const change = kind === 'code' || lines.length > 0 ? '' : `: ${short(before)} → ${short(now)}`;
  return element('div', {}, [
    element('p', {}, [element('b', { text: kind }), ` ${name}${change}`]),
    lines.length === 0 ? undefined : lineBlock(lines, `Difference of ${name}`),
  ]);
}

function showEffect(
  { name, kind, because, executionCount, outputs }: Effect,
  act: { choose(task: string): void },
): HTMLElement {
  return element('div', {}, [
    element('p', {}, [
      button({ label: `${executionCount === null ? '' : `[${executionCount}] `}${name}`, class: 'cw-link' }, () =>
        act.choose(name),
      ),
      ` ${kind}${because.length === 0 ? '' : `, because of ${because.join(', ')}`}`,
    ]),
    ...outputs.flatMap(({ what, lines }) => [element('p', { class: 'cw-soft', text: what }), lineBlock(lines, what)]),
  ]);
}

function lineBlock(lines: readonly string[], label: string): HTMLElement {
  return element('pre', { text: lines.join('\n'), attributes: { tabindex: 0, role: 'group', 'aria-label': label } });
}

function short(value: string | null): string {
  if (value === null) return 'none';
  return value.startsWith('sha256:') ? value.slice(7, 15) : value;
}
