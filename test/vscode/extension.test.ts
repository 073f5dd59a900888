/** What the extension for VS Code makes of a notebook and of a run, without an editor; npm run vscode tests it in a real one. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { createCompiler, type Compiler } from '../../compiler/index.ts';
import type { CommandAnswer, Notification } from '../../extensions/service/protocol.ts';
import type { CompileThread } from '../../extensions/ui/compile-client.ts';
import type { CompileAnswer, CompileQuestion } from '../../extensions/ui/compile-messages.ts';
import type { CellState, ServiceConnection } from '../../extensions/ui/panel.ts';
import { gatesOf, outcomeOf } from '../../extensions/vscode/gate-list.ts';
import { interpreterArguments } from '../../extensions/vscode/interpreter.ts';
import { NotebookModel } from '../../extensions/vscode/notebook-model.ts';
import { kernelNameOf, notebookText, type OpenCell, type OpenNotebook } from '../../extensions/vscode/notebook-text.ts';
import { makeNonce, panelPage } from '../../extensions/vscode/panel-page.ts';
import { problemsOf, type ProblemLevel } from '../../extensions/vscode/problem-list.ts';
import { raisedLine } from '../../extensions/vscode/raised-line.ts';
import { runItems } from '../../extensions/vscode/run-items.ts';
import { statusTexts } from '../../extensions/vscode/status-texts.ts';
import { TaskLines, taskArguments } from '../../extensions/vscode/task-line.ts';
import { root } from '../environment.ts';

let compiler: Compiler;
beforeAll(async () => {
  const bytes = (file: string): Uint8Array => new Uint8Array(readFileSync(path.join(root, 'node_modules', file)));
  compiler = await createCompiler({
    runtimeWasm: bytes('web-tree-sitter/web-tree-sitter.wasm'),
    languageWasm: bytes('tree-sitter-python/tree-sitter-python.wasm'),
  });
});

/** A notebook as the editor holds it. */
function opened(...sources: readonly string[]): OpenNotebook {
  const cells = sources.map((source, place): OpenCell => ({
    ...{ kind: 'code', source, metadata: { id: `c${String(place + 1)}`, metadata: {} } },
  }));
  return { cells, metadata: { metadata: { kernelspec: { name: 'own' } }, nbformat: 4, nbformat_minor: 5 } };
}

/** The compiler's thread, in this one. */
function threadOf(): CompileThread {
  const thread: CompileThread = {
    onmessage: null,
    onerror: null,
    terminate: () => undefined,
    postMessage: (question: CompileQuestion) => {
      if (!('number' in question)) throw new Error('TypeScript was not asked for');
      const { number } = question;
      const answer = (data: CompileAnswer): void => {
        // This project has no types of pages, which would say what a worker's listener takes.
        const hear = thread.onmessage as unknown as ((event: { data: CompileAnswer }) => void) | null;
        hear?.({ data });
      };
      if (question.type === 'load') {
        queueMicrotask(() => answer({ type: 'loaded', number }));
        return;
      }
      const { bundle, notebook, diagnostics } = compiler.compile(question.text, question.name);
      const cells = notebook?.cells.map(({ id, index, kind, source }) => ({ id, index, kind, source }));
      queueMicrotask(() =>
        answer({ type: 'compiled', number, compiled: { name: question.name, bundle, cells, diagnostics } }),
      );
    },
  };
  return thread;
}

/** A service that says what a test wants. */
class SaidService implements ServiceConnection {
  readonly asked: string[] = [];
  readonly #listeners = new Set<(notification: Notification) => void>();

  async request(method: string, params: unknown): Promise<never> {
    this.asked.push(method === 'command' ? (params as { arguments: string[] }).arguments.join(' ') : method);
    const answers: Readonly<Record<string, unknown>> = {
      command: {
        exitCode: 0,
        document: { status: 'ok', diagnostics: [], tasks: [], lastRun: null },
      } satisfies CommandAnswer,
      active: { runs: [] },
      start: { run: 'r1' },
    };
    await Promise.resolve();
    return (answers[method] ?? {}) as never;
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  say(notification: Notification): void {
    for (const listener of this.#listeners) listener(notification);
  }
}

interface Made {
  readonly model: NotebookModel;
  readonly service: SaidService;
}

async function modelOf(notebook: OpenNotebook): Promise<Made> {
  const service = new SaidService();
  const empty = new ArrayBuffer(0);
  const model = new NotebookModel({
    service,
    notebookPath: '/work/n.ipynb',
    createThread: threadOf,
    compilerFiles: { runtimeWasm: empty, languageWasm: empty },
    prepare: () => Promise.resolve(),
    runArguments: () => ['--python', '/own/python', '--jobs', '2'],
    beforeRun: () => Promise.resolve(true),
    onTrouble: () => undefined,
  });
  model.setNotebook(notebookText(notebook), 'n.ipynb');
  await expect.poll(() => model.cells.all().length, { timeout: 5000 }).toBe(notebook.cells.length);
  return { model, service };
}

const at = '2026-01-01T00:00:00Z';
const noObservation = { type: 'task-finished', seconds: 1.5, reason: '', at } as const;

describe('the text of an open notebook', () => {
  test('gives the same cells, ids and tags as its file', () => {
    const file = path.join(root, 'samples', 'flights', 'notebook.ipynb');
    const text = readFileSync(file, 'utf8');
    const { cells, metadata } = JSON.parse(text) as {
      cells: { id: string; cell_type: OpenCell['kind']; source: string | string[]; metadata: object }[];
      metadata: object;
    };
    const held: OpenNotebook = {
      metadata: { metadata, nbformat: 4, nbformat_minor: 5 },
      cells: cells.map((cell) => ({
        kind: cell.cell_type,
        source: [cell.source].flat().join(''),
        metadata: { id: cell.id, metadata: cell.metadata, execution_count: null },
      })),
    };
    const [saved, unsaved] = [text, notebookText(held)].map((one) => compiler.compile(one, 'notebook.ipynb').bundle);
    expect(saved?.tasks.length).toBe(34);
    expect(unsaved?.tasks).toEqual(saved?.tasks);
    expect(unsaved?.edges).toEqual(saved?.edges);
    expect(kernelNameOf(held)).toBe('python3');
  });

  test('without ids in the file, the compiler makes the same ones of both', () => {
    const source = 'x = 1';
    const file = {
      cells: [{ cell_type: 'code', metadata: {}, source, outputs: [] }],
      metadata: {},
      nbformat: 4,
      nbformat_minor: 2,
    };
    const held = { cells: [{ kind: 'code', source, metadata: {} } as const], metadata: { metadata: {} } };
    const ids = [JSON.stringify(file), notebookText(held)].map(
      (text) => compiler.compile(text, 'n.ipynb').bundle?.tasks[0]?.id,
    );
    expect(ids[0]).toBeDefined();
    expect(ids[1]).toBe(ids[0]);
  });
});

describe('the model of a notebook', () => {
  test('an edited cell drops its state with the next text, and so does what needs it', async () => {
    const { model, service } = await modelOf(opened('x = 1', 'y = x', 'z = 3'));
    expect(await model.start()).toBe(true);
    expect(service.asked).toContain('status /work/n.ipynb --python /own/python');
    const code = (cell: string): string => model.cells.get(cell)?.code ?? '';
    for (const [place, cell] of ['c1', 'c2', 'c3'].entries()) {
      const more = {
        task: cell,
        name: cell,
        status: 'ran',
        index: place,
        number: place + 1,
        code: code(cell),
      } as const;
      service.say({
        method: 'run-event',
        params: { run: 'r1', sequence: place, event: { ...noObservation, ...more } },
      });
    }
    service.say({ method: 'run-ended', params: { run: 'r1', end: 'ok' } });
    expect(model.cells.all().map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    model.setNotebook(notebookText(opened('x = 2', 'y = x', 'z = 3')), 'n.ipynb');
    await expect.poll(() => model.cells.get('c1')?.state, { timeout: 5000 }).toBe('stale');
    expect(model.cells.all().map(({ state }) => state)).toEqual(['stale', 'will-run', 'done']);
    model.dispose();
  });

  test('below a cell: what it reads, what it writes, and its state; hidden state and imports are not listed', async () => {
    const { model } = await modelOf(opened('import pandas as pd\ndf = pd.DataFrame()', 'n = len(df)', ''));
    const texts = model.cells.all().map((state) => statusTexts(state).map(({ text }) => text));
    expect(texts[0]?.slice(1)).toEqual(['reads –', 'writes df']);
    expect(texts[1]?.slice(1)).toEqual(['reads df', 'writes n']);
    expect(texts[2]).toEqual([]);
    const [state] = model.cells
      .all()
      .slice(1)
      .map((one) => statusTexts(one)[1]);
    expect(state?.tooltip).toMatch(/^Reads df\n\nBecause\n.*: df = pd.DataFrame\(\)/);
    model.dispose();
  });
});

describe('the Problems panel', () => {
  const said: Diagnostic = {
    code: 'CW120',
    severity: 'warning',
    message: 'What.',
    help: 'Next.',
    location: { cell: 'c2', index: 1, range: { start: { line: 2, column: 3 }, end: { line: 2, column: 9 } } },
    related: [{ message: 'Because.', location: { cell: 'c1', index: 0 } }],
  };

  async function listed(
    level: ProblemLevel,
    change: Partial<CellState> = {},
    now = 'y = x',
  ): Promise<ReturnType<typeof problemsOf>> {
    const { model } = await modelOf(opened('x = 1', 'y = x'));
    const states = model.cells
      .all()
      .map((state) =>
        state.cell === 'c2' ? { ...state, diagnostics: [{ ...said, remedies: [] }], ...change } : state,
      );
    model.dispose();
    const textOf = ({ cell, source }: CellState): string => (cell === 'c2' ? now : source);
    return problemsOf({ states, general: [], textOf, raisedAt: () => 4 }, level);
  }

  test('a diagnostic is at its cell and place, with what to do and what it rests on', async () => {
    const [problem, ...more] = await listed('info');
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ code: 'CW120', severity: 'warning', message: 'What. Next.' });
    expect(problem?.place).toEqual({ cell: 'c2', index: 1, range: said.location?.range });
    expect(problem?.related[0]).toMatchObject({ message: 'Because.', place: { cell: 'c1', index: 0 } });
  });

  test('the setting leaves out what is less severe, and nothing is said of a text that has changed', async () => {
    expect(await listed('error')).toEqual([]);
    expect(await listed('none', { state: 'failed', why: 'ValueError: no' })).toEqual([]);
    expect(await listed('info', { state: 'failed', why: 'ValueError: no' }, 'y = x + 1')).toEqual([]);
  });

  test('a cell that raised, and one whose gate does not hold, are errors', async () => {
    const failed = await listed('error', { state: 'failed', why: 'ValueError: no' });
    expect(failed).toMatchObject([
      { severity: 'error', message: 'ValueError: no', place: { range: { start: { line: 4, column: 0 } } } },
    ]);
    expect(await listed('error', { state: 'gated', why: 'y > 0: y = -1' })).toMatchObject([
      { message: 'y > 0: y = -1' },
    ]);
  });

  test('the line is the one of the cell, not of what it called', () => {
    const traceback = [
      '\u001B[31mValueError\u001B[39m  Traceback (most recent call last)',
      '\u001B[36mCell\u001B[39m\u001B[36m \u001B[39m\u001B[32mIn[4]\u001B[39m\u001B[32m, line 3\u001B[39m\n      2 x\n----> 3 f()',
      '\u001B[36mCell\u001B[39m\u001B[36m \u001B[39m\u001B[32mIn[2]\u001B[39m\u001B[32m, line 9\u001B[39m\n----> 9 raise',
    ];
    expect(raisedLine([{ output_type: 'stream' }, { output_type: 'error', traceback }])).toBe(2);
    expect(raisedLine([{ output_type: 'error', traceback: ['no frame'] }])).toBeUndefined();
    expect(raisedLine(undefined)).toBeUndefined();
  });
});

test('gates are found in the text, and judged by a run', async () => {
  const { model, service } = await modelOf(
    opened('#| metric: y\n#| gate: y > 0\ny = 1', '#| gate: true\nassert y', 'z = 1'),
  );
  const gates = gatesOf(model.compiled?.bundle);
  expect(gates.map(({ label, line, cell }) => [cell, line, label])).toEqual([
    ['c1', 1, 'Gate: y > 0'],
    ['c2', 0, expect.stringMatching(/^Gate: 02_.* does not raise$/)],
  ]);
  await model.start();
  const gate = {
    type: 'gate',
    task: 'c1',
    name: '01_y',
    condition: 'y > 0',
    holds: false,
    values: { y: '-1' },
    why: 'y = -1',
    at,
  } as const;
  service.say({ method: 'run-event', params: { run: 'r1', sequence: 0, event: gate } });
  const judged = (): readonly unknown[] => gates.map((one) => model.runState && outcomeOf(one, model.runState)?.kind);
  expect(judged()).toEqual(['closed', undefined]);
  service.say({ method: 'run-ended', params: { run: 'r1', end: 'failed' } });
  expect(judged()).toEqual(['closed', 'unjudged']);
  model.dispose();
});

test('the interpreter: the setting, then the selected kernel, then the kernel that is named, then that of the folder', () => {
  const nothing = { setting: '', selected: undefined, kernelName: undefined, ofFolder: undefined };
  const all = { setting: '/set', selected: '/selected', kernelName: 'own', ofFolder: '/folder' };
  expect(interpreterArguments(all)).toEqual(['--python', '/set']);
  expect(interpreterArguments({ ...all, setting: '' })).toEqual(['--python', '/selected']);
  expect(interpreterArguments({ ...all, setting: '', selected: undefined })).toEqual([]);
  expect(interpreterArguments({ ...nothing, kernelName: 'python3', ofFolder: '/folder' })).toEqual([
    '--python',
    '/folder',
  ]);
  expect(interpreterArguments(nothing)).toEqual([]);
});

interface Manifest {
  readonly engines: { readonly vscode: string };
  readonly capabilities: {
    readonly untrustedWorkspaces: { supported: unknown; restrictedConfigurations: string[] };
    readonly virtualWorkspaces: unknown;
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly problemMatchers: readonly { readonly pattern: readonly { readonly regexp: string }[] }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly scope: string }>> };
  };
}

const manifest = JSON.parse(readFileSync(path.join(root, 'extensions', 'vscode', 'package.json'), 'utf8')) as Manifest;

test('what a task of the editor shows is found by the problem matcher', () => {
  const order = { type: 'cellwright', command: 'run', notebook: 'a b.ipynb', arguments: ['-p', 'x', '1; rm'] } as const;
  expect(taskArguments(order, ['--python', '/p'])).toEqual(['run', 'a b.ipynb', '--python', '/p', '-p', 'x', '1; rm']);
  const lines = new TaskLines('a b.ipynb');
  const text = [
    lines.take('ran  01_x\nerror CW120: There is no directive cach.\n  at cell 1, li'),
    lines.take('ne 1 (aa)\n     1 | #| cach: 1\nwarning CW500: No place.\n  Help.\nThe cell raised in 02_y, In [2]:\n'),
    lines.end(),
  ].join('');
  const patterns = manifest.contributes.problemMatchers[0]?.pattern.map(({ regexp }) => new RegExp(regexp)) ?? [];
  const shown = text.split('\r\n');
  const found = shown.flatMap((line, place) => {
    const [first, second] = [patterns[0]?.exec(line), patterns[1]?.exec(shown[place + 1] ?? '')];
    return first && second ? [[first[1], first[2], first[3], second[1]]] : [];
  });
  expect(found).toEqual([
    ['error', 'CW120', 'There is no directive cach.', 'a b.ipynb'],
    ['warning', 'CW500', 'No place.', 'a b.ipynb'],
    ['error', undefined, 'The cell raised in 02_y, In [2]', 'a b.ipynb'],
  ]);
});

test('recorded runs as entries', () => {
  const recorded = {
    started: null,
    seconds: 61,
    ran: 1,
    reused: 2,
    failed: 1,
    commit: 'abc',
    user: 'me',
    pinned: true,
  };
  const runs = [
    { ...recorded, run: 'r2', outcome: 'failed' },
    { ...recorded, run: 'r1', outcome: 'running', seconds: null, failed: 0 },
  ];
  const [first, second] = runItems({ status: 'ok', diagnostics: [], runs }, 'r2');
  expect(first).toMatchObject({ run: 'r2', label: 'r2 (shown)', icon: 'error', isGoingOn: false });
  expect(first?.description).toBe('failed, 1 ran, 2 reused, 1 failed, 61 s, pinned');
  expect(second).toMatchObject({ isGoingOn: true, icon: 'sync~spin' });
});

test('the page runs its own script and loads its own files, nothing else', () => {
  const nonce = makeNonce();
  expect(nonce).toMatch(/^[\da-f]{50}$/);
  expect(makeNonce()).not.toBe(nonce);
  const files = {
    script: 'https://own/a"b.js',
    worker: 'w',
    runtimeWasm: 'r',
    languageWasm: 'l',
    typescript: 't',
    source: 'https://own',
  };
  const page = panelPage(files, nonce);
  const policy = /content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'") ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain(`script-src 'nonce-${nonce}' 'wasm-unsafe-eval' blob:;`);
  expect(policy).toContain('connect-src https://own;');
  expect(policy).not.toMatch(/script-src[^;]*(?:unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|\*)/);
  expect(page).toContain('src="https://own/a&quot;b.js"');
  expect([...page.matchAll(/<script/g)]).toHaveLength(1);
});

describe('the manifest', () => {
  test('every command is registered, and what runs cells is offered in a trusted workspace only', () => {
    const code = ['commands.ts', 'code-page.ts']
      .map((file) => readFileSync(path.join(root, 'extensions', 'vscode', file), 'utf8'))
      .join('');
    const registered = [...code.matchAll(/(?:\bon(?:Cell)?\(|registerCommand\()\s*'(?:cellwright\.)?(\w+)'/g)].map(
      ([, name = '']) => `cellwright.${name}`,
    );
    const declared = manifest.contributes.commands.map(({ command }) => command);
    expect([...registered].sort()).toEqual([...declared].sort());
    for (const name of ['run', 'runCell', 'runUntil', 'debugCell', 'captureCheck', 'verify', 'emit']) {
      const own = manifest.contributes.commands.find(({ command }) => command === `cellwright.${name}`);
      expect(own?.enablement).toContain('isWorkspaceTrusted');
    }
  });

  test('restricted workspaces are declared, with every setting that reaches a run', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    expect(untrustedWorkspaces.supported).toBe('limited');
    expect(untrustedWorkspaces.restrictedConfigurations).toEqual(['cellwright.python', 'cellwright.runArguments']);
    expect(virtualWorkspaces).toMatchObject({ supported: 'limited' });
  });

  test('the types are of the oldest editor that is supported', () => {
    const types = JSON.parse(
      readFileSync(path.join(root, 'node_modules', '@types', 'vscode', 'package.json'), 'utf8'),
    ) as { version: string };
    expect(manifest.engines.vscode).toBe(`^${types.version}`);
  });
});
