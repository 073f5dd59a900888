/** The page of `cellwright open`: the notebook on one side, the view on the other. */
import { element } from './element.ts';
import { NotebookPane } from './notebook-pane.ts';
import { mountPanel, type OpenRequest, type Panel, type PanelHost, type ViewSettings } from './panel.ts';
import { openStream } from './page-stream.ts';

const settingsKey = 'cellwright.view';

/** The token of the address, which is then taken out of it; a page that is loaded again has it from the tab's own storage. */
function takeToken(): string {
  const [, given] = /[#&]token=([\w-]+)/.exec(location.hash) ?? [];
  if (given !== undefined) {
    sessionStorage.setItem('cellwright.token', given);
    history.replaceState(null, '', location.pathname);
  }
  return given ?? sessionStorage.getItem('cellwright.token') ?? '';
}

function readSettings(): ViewSettings | undefined {
  const text = localStorage.getItem(settingsKey);
  try {
    return text === null ? undefined : (JSON.parse(text) as ViewSettings);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Shows a report in a tab of its own, from memory: it asks for nothing. */
function showReport(html: string): void {
  const address = URL.createObjectURL(new Blob([html], { type: 'text/html' }));
  open(address, '_blank', 'noopener');
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function begin(main: HTMLElement): Promise<void> {
  const place = element('div', { class: 'cw-place' });
  const notebook = element('section', { class: 'cw-notebook', attributes: { 'aria-label': 'Notebook', tabindex: 0 } });
  main.replaceChildren(notebook, place);
  const service = openStream(takeToken());
  const { notebook: path } = await service.begin();
  if (path === undefined) throw new Error('The service shows no notebook.');
  const chosen: { panel?: Panel } = {};
  const pane = new NotebookPane(notebook, (cell) => chosen.panel?.selectCell(cell));
  const panel = mountPanel(place, hostOf(service, pane, path));
  chosen.panel = panel;
  panel.cells.onChange(() => pane.show(panel.cells.all()));
  const { text, name } = await service.request('read-notebook', { notebook: path });
  document.title = `${name} – Cellwright`;
  pane.title(name);
  panel.setNotebook(text, name);
  service.onNotification((said) => {
    if (said.method !== 'notebook-saved') return;
    panel.setNotebook(said.params.text, name);
    panel.notebookSaved();
  });
  const watch = async (): Promise<null> => await service.request('watch-notebook', { notebook: path });
  service.onConnected((isConnected) => {
    if (isConnected) void watch();
  });
  await watch();
}

function hostOf(service: PanelHost['service'], pane: NotebookPane, notebookPath: string): PanelHost {
  return {
    service,
    notebookPath,
    createWorker: () => new Worker('/compile-worker.js'),
    compilerFiles: {
      runtimeWasm: new URL('/web-tree-sitter.wasm', location.href),
      languageWasm: new URL('/tree-sitter-python.wasm', location.href),
      typescript: () => Promise.resolve(new URL('/typescript.mjs', location.href)),
    },
    goTo: (cell, range) => pane.goTo(cell, range),
    highlight: (cells) => pane.highlight(cells),
    beforeRun: () => Promise.resolve(true),
    open: (what: OpenRequest) => {
      if (what.html === undefined) pane.tell(`Written: ${what.path}. Open it in your editor.`);
      else showReport(what.html);
    },
    saveSettings: (settings) => localStorage.setItem(settingsKey, JSON.stringify(settings)),
    loadSettings: readSettings,
  };
}

const main = document.querySelector('main');
if (main !== null) {
  begin(main).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    main.replaceChildren(element('p', { class: 'cw-trouble', text: message, attributes: { role: 'alert' } }));
  });
}
