/** What the view makes of compiled notebooks and of runs, without a page. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import type { TimedEvent } from '../../extensions/service/protocol.ts';
import { statesOf } from '../../extensions/ui/cell-states.ts';
import { withoutShortcuts } from '../../extensions/ui/graph-edges.ts';
import { placeSketch } from '../../extensions/ui/graph-layout.ts';
import type { CellState } from '../../extensions/ui/panel.ts';
import { pipelineOf, type Pipeline } from '../../extensions/ui/pipeline.ts';
import { planOf, type Plan } from '../../extensions/ui/plan.ts';
import { placeInLanes } from '../../extensions/ui/rail-layout.ts';
import { emptyRun, withEnd, withEvent, type RunState } from '../../extensions/ui/run-fold.ts';
import { matches, showRows } from '../../extensions/ui/visible-rows.ts';
import { root } from '../environment.ts';
import { notebookText } from './notebook.ts';

let compiler: Compiler;
beforeAll(async () => {
  const wasm = (file: string): Buffer => readFileSync(path.join(root, 'node_modules', file));
  compiler = await createCompiler({
    runtimeWasm: wasm('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: wasm('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

function compile(text: string, before?: Pipeline): Pipeline {
  const { bundle, notebook, diagnostics } = compiler.compile(text, 'n.ipynb');
  const pipeline = pipelineOf({ name: 'n.ipynb', bundle, cells: notebook?.cells, diagnostics }, before);
  if (pipeline === undefined) throw new Error('there is no notebook');
  return pipeline;
}

/** Cells of Python, and Markdown that begins with `#` and a space or more of them. */
function written(...sources: readonly string[]): string {
  const cells = sources.map((source, at) => {
    const isProse = /^#+ /.test(source);
    const common = { cell_type: isProse ? 'markdown' : 'code', id: `c${at}`, metadata: {}, source };
    return isProse ? common : { ...common, outputs: [], execution_count: null };
  });
  const kernelspec = { name: 'python3', language: 'python', display_name: 'Python 3' };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

describe('the pipeline', () => {
  test('a need has what is carried, the reason, and both places; imports and what is assumed are told apart', () => {
    const { byId } = compile(
      written('import json', 'data = [1]', 'def f(x):\n    return unknown(x)', 'f(data)', 'json.dumps(data)'),
    );
    const last = byId.get('c4')?.reads ?? [];
    expect(last.find(({ isImport }) => isImport)).toMatchObject({ cell: 'c0', carries: ['json'], assumed: false });
    expect(last.find(({ cell, assumed }) => cell === 'c1' && !assumed)).toMatchObject({
      kind: 'data',
      carries: ['data'],
      reasons: [expect.stringContaining('data = [1]') as string],
      to: { start: { line: 0 } },
    });
    expect(last.some(({ assumed }) => assumed)).toBe(true);
    expect(byId.get('c1')?.writes.map(({ cell }) => cell)).toContain('c4');
  });

  test('a text that cannot be compiled leaves the graph as it was, with the new texts', () => {
    const before = compile(written('a = 1', 'b = a'));
    const after = compile(written('a = 1', '#| lable: x\nb = a + 1'), before);
    expect(after).toMatchObject({ isCompiled: false, arrows: [{ from: 'c0', to: 'c1', labels: ['a'] }] });
    expect(after.byId.get('c1')?.source).toContain('a + 1');
    const states = statesOf({ pipeline: after, plan: undefined, run: undefined, isPlanNewer: false });
    expect(states.map(({ state }) => state)).toEqual(['unknown', 'refused']);
    expect(states[1]?.diagnostics[0]).toMatchObject({
      code: 'CW120',
      remedies: [
        { title: 'Write label', edit: { cell: 'c1', newText: 'label', range: { start: { line: 0, column: 3 } } } },
        { title: 'Remove this directive', edit: { newText: '', range: { end: { line: 1, column: 0 } } } },
      ],
    });
  });

  test('sections are those of the headings; a heading in a fence is none; a long notebook without any is cut', () => {
    const { sections, byId } = compile(
      written('# All *of* it', 'a = 1', '## One `x`', 'b = 1', '## Two\n\n```\n# no\n```', 'c = 1', '## Empty'),
    );
    expect(sections.map(({ title, depth, all }) => [title, depth, all])).toEqual([
      ['All of it', 1, ['c1', 'c3', 'c5']],
      ['One x', 2, ['c3']],
      ['Two', 2, ['c5']],
    ]);
    expect(byId.get('c5')?.section).toBe('Two#1');
    const long = compile(written(...Array.from({ length: 61 }, (_, at) => `v${at} = 1`)));
    expect(long.sections.map(({ title }) => title)).toEqual([
      'Cells 1 to 20',
      'Cells 21 to 40',
      'Cells 41 to 60',
      'Cells 61 to 61',
    ]);
  });

  test('a folded heading stands for its cells, and has their arrows', () => {
    const pipeline = compile(written('# One', 'a = 1', 'b = a', '# Two', 'c = b', 'd = a + c'));
    const { rows, arrows, standsFor } = showRows(pipeline, new Set(['One#1']));
    expect(rows.map(({ id, kind }) => [kind, id])).toEqual([
      ['section', 'One#1'],
      ['section', 'Two#1'],
      ['task', 'c4'],
      ['task', 'c5'],
    ]);
    expect(standsFor.get('c1')).toBe('One#1');
    expect(arrows).toEqual([
      { from: 'One#1', to: 'c4', labels: ['b'] },
      { from: 'One#1', to: 'c5', labels: ['a'] },
      { from: 'c4', to: 'c5', labels: ['c'] },
    ]);
  });

  test('cells are found by number, label and text', () => {
    const task = compile(notebookText()).byId.get('slow');
    if (task === undefined) throw new Error('there is no such cell');
    const found = ['wait', '[3]', 'SLEEP(pause', 'time waited', 'nothing of it'].map((words) => matches(task, words));
    expect(found).toEqual([true, true, true, true, false]);
  });
});

describe('layouts', () => {
  /** Rows with arrows as notebooks have them: mostly from shortly before. */
  function rowsOf(count: number): { ids: string[]; arrows: { from: string; to: string; labels: string[] }[] } {
    let seed = 11;
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const ids = Array.from({ length: count }, (_, at) => `r${at}`);
    const arrows = ids.slice(1).flatMap((to, at) =>
      [...new Set([random(at + 1), Math.max(0, at - random(4))])].map((from) => ({
        from: `r${from}`,
        to,
        labels: ['x'],
      })),
    );
    return { ids, arrows };
  }

  test.each([10, 50, 300])(
    '%d rows: every use has its lane from the maker to the last use, and no two are in one',
    (count) => {
      const { ids, arrows } = rowsOf(count);
      const { rows, lanes } = placeInLanes(ids, arrows);
      const laneOf = new Map(
        rows.flatMap((marks) => marks.flatMap(({ lane, kind, maker }) => (kind === 'make' ? [[maker, lane]] : []))),
      );
      for (const [place, marks] of rows.entries()) {
        // A lane may end in the row in which another one begins, but not be two at once.
        expect(new Set(marks.map(({ lane }) => lane)).size).toBe(marks.length);
        const reads = new Set(marks.flatMap(({ kind, maker }) => (kind === 'read' ? [maker] : [])));
        const wanted = arrows.filter(({ to }) => to === ids[place]).map(({ from }) => from);
        expect(reads).toEqual(new Set(wanted));
        for (const { lane, maker } of marks) expect(lane).toBe(laneOf.get(maker));
      }
      expect(lanes).toBeLessThanOrEqual(count);
    },
  );

  test('an arrow that a longer way says is left out of the graph', () => {
    const arrows = [
      { from: 'a', to: 'b' },
      { from: 'b', to: 'c' },
      { from: 'a', to: 'c' },
    ];
    expect(withoutShortcuts(arrows)).toEqual(arrows.slice(0, 2));
  });

  test.each([10, 50])('%d boxes: none is over another, and all is inside the picture', (count) => {
    const { ids, arrows } = rowsOf(count);
    const boxes = ids.map((id, at) => ({ id, width: 120 + (at % 7) * 10 }));
    const sketch = {
      boxes,
      arrows: arrows.map(({ from, to }) => ({ from, to, label: 20 })),
      boxHeight: 46,
      margin: 16,
    };
    const placed = placeSketch(sketch);
    const places = ids.map((id) => placed.box(id));
    for (const [at, { x, y, width, height }] of places.entries()) {
      expect(x - width / 2).toBeGreaterThanOrEqual(0);
      expect(x + width / 2).toBeLessThanOrEqual(placed.width);
      expect(y + height / 2).toBeLessThanOrEqual(placed.height);
      for (const other of places.slice(at + 1)) {
        const isOver =
          Math.abs(x - other.x) < (width + other.width) / 2 - 0.5 &&
          Math.abs(y - other.y) < (height + other.height) / 2 - 0.5;
        expect(isOver).toBe(false);
      }
    }
    for (const arrow of arrows)
      for (const { x, y } of placed.way(arrow)) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(placed.width);
        expect(y).toBeLessThanOrEqual(placed.height);
      }
  });
});

describe('states', () => {
  const at = '2026-01-31T12:00:00.000Z';
  const started = (task: string): TimedEvent => ({ type: 'task-started', task, name: task, speculative: false, at });
  const finished = (pipeline: Pipeline, task: string, more: object = {}): TimedEvent => ({
    ...{ type: 'task-finished', task, name: task, status: 'ran', seconds: 1, reason: '', index: 0, number: 1, at },
    code: pipeline.byId.get(task)?.code ?? '',
    ...more,
  });
  const runOf = (events: readonly TimedEvent[]): RunState =>
    events.reduce((run, event) => withEvent(run, event), emptyRun('r'));
  const names = (states: readonly CellState[]): string => states.map(({ letter }) => letter).join('');
  const planned = (pipeline: Pipeline, plans: readonly ('reuse' | 'run' | 'unknown')[]): Plan => {
    const tasks = pipeline.tasks.map(({ id, code }, place) => ({
      id,
      code,
      plan: plans[place],
      because: '',
      observed: {},
    }));
    const plan = planOf({ status: 'ok', diagnostics: [], tasks, lastRun: 'r' });
    if (plan === undefined) throw new Error('the document has tasks');
    return plan;
  };

  test('what a run says of each cell, by letter', () => {
    const pipeline = compile(written('a = 1', 'b = a', 'c = b', 'd = c', 'e = d', 'f = e', '   '));
    const end = (task: string, more: object): TimedEvent => finished(pipeline, task, more);
    const run = runOf([
      end('c0', { status: 'cached', from: 'earlier' }),
      end('c1', { fused: [{ name: 'g', madeBy: 'c0', maker: '01_a', what: 'a generator' }] }),
      end('c2', {}),
      { type: 'gate', task: 'c2', name: 'c', condition: 'c < 1', holds: false, values: { c: '2' }, why: '', at },
      end('c3', { status: 'failed', observed: { error: { ename: 'KeyError', evalue: 'x' } } }),
      end('c4', { status: 'not-run', reason: 'needs d' }),
      started('c5'),
    ]);
    const states = statesOf({ pipeline, plan: undefined, run, isPlanNewer: false });
    expect(names(states)).toBe('CPGFNRU');
    expect(states.map(({ why }) => why)).toEqual([
      'from run earlier',
      'only the process of an earlier cell has g',
      'c < 1: c = 2',
      'KeyError: x',
      'needs d',
      '',
      '',
    ]);
    expect(names(statesOf({ pipeline, plan: undefined, run: withEnd(run, 'killed'), isPlanNewer: false }))).toBe(
      'CPGFNWU',
    );
  });

  test('all cells in one process are told again from the first', () => {
    const pipeline = compile(written('a = 1', 'b = a'));
    const run = runOf([finished(pipeline, 'c0'), { type: 'lane', reason: 'asked for', at }, started('c0')]);
    expect(run.cells.get('c0')).toMatchObject({ status: 'running' });
    expect(run.cells.size).toBe(1);
  });

  test('an edited cell is stale at once, what rests on it will run, and what does not stays', () => {
    const before = compile(written('a = 1', 'b = a', 'c = b', 'd = 4'));
    const run = withEnd(runOf(before.tasks.map(({ id }) => finished(before, id))), 'ok');
    const known = { run, plan: planned(before, ['reuse', 'reuse', 'reuse', 'reuse']), isPlanNewer: true };
    expect(names(statesOf({ ...known, pipeline: before }))).toBe('DDDD');
    const edited = statesOf({ ...known, pipeline: compile(written('a = 1', 'b = a + 1', 'c = b', 'd = 4'), before) });
    expect(names(edited)).toBe('DSWD');
    expect(edited.map(({ stale }) => stale)).toEqual([false, true, false, false]);
    expect(edited[2]?.why).toBe('needs b of [2] b, which was edited');
    // A comment makes no difference to what it does.
    expect(names(statesOf({ ...known, pipeline: compile(written('a = 1', 'b = a  # why', 'c = b', 'd = 4')) }))).toBe(
      'DDDD',
    );
  });

  test('what a run would do is told by the plan, and how a cell failed stays', () => {
    const pipeline = compile(written('a = 1', 'b = a', 'c = b'));
    const plan = planned(pipeline, ['reuse', 'run', 'unknown']);
    expect(names(statesOf({ pipeline, plan, run: undefined, isPlanNewer: true }))).toBe('CWW');
    const run = withEnd(runOf([finished(pipeline, 'c0'), finished(pipeline, 'c1', { status: 'failed' })]), 'failed');
    expect(names(statesOf({ pipeline, plan, run, isPlanNewer: true }))).toBe('DFW');
    expect(names(statesOf({ pipeline, plan: undefined, run: undefined, isPlanNewer: false }))).toBe('···');
  });
});
