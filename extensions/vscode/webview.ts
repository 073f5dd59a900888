/** The page of the pipeline view: the shared view, with the extension host behind it. */
import type { Method, Notification, ParamsOf, ResultOf } from '../service/protocol.ts';
import { mountPanel, type Panel, type PanelHost, type ServiceConnection } from '../ui/panel.ts';
import { ServiceRefusal } from '../ui/service-refusal.ts';
import type { FromHost, FromPage, PageStart } from './panel-messages.ts';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const editor = acquireVsCodeApi();
const element = document.getElementById('pipeline') ?? document.body;

/** A file of the extension, as bytes. */
async function bytesOf(address: string | undefined): Promise<ArrayBuffer> {
  const answer = await fetch(address ?? '');
  if (!answer.ok) throw new Error(`${address ?? ''} cannot be read (${String(answer.status)}).`);
  return await answer.arrayBuffer();
}

/** Requests by number, and what each waits for. */
class Asked {
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  ask(message: (id: number) => FromPage): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    editor.postMessage(message(id));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  settle(
    id: number,
    settle: (waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }) => void,
  ): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting !== undefined) settle(waiting);
  }
}

/** The connection to the service, which the extension host has. */
class ThroughHost implements ServiceConnection {
  readonly #asked: Asked;
  readonly listeners = new Set<(notification: Notification) => void>();
  readonly connected = new Set<(connected: boolean) => void>();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  async request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    return (await this.#asked.ask((id) => ({ type: 'request', id, method, params }))) as ResultOf<M>;
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onConnected(listener: (connected: boolean) => void): () => void {
    this.connected.add(listener);
    return () => this.connected.delete(listener);
  }
}

interface Mounted {
  readonly panel: Panel;
  readonly service: ThroughHost;
  readonly told: { notebookPath: string | undefined; runArguments: readonly string[] };
}

const asked = new Asked();
const scriptOf = async (address: string | undefined): Promise<Blob> =>
  new Blob([await bytesOf(address)], { type: 'text/javascript' });
const workerText = scriptOf(element.dataset['worker']);
const wasm = Promise.all([bytesOf(element.dataset['runtimeWasm']), bytesOf(element.dataset['languageWasm'])]);
let mounted: Mounted | undefined;

async function mount(start: PageStart): Promise<Mounted> {
  const [text, [runtimeWasm, languageWasm]] = await Promise.all([workerText, wasm]);
  mounted?.panel.dispose();
  element.replaceChildren();
  const service = new ThroughHost(asked);
  const told: Mounted['told'] = { notebookPath: start.notebookPath, runArguments: start.runArguments };
  const host: PanelHost = {
    service: start.hasService ? service : undefined,
    get notebookPath() {
      return told.notebookPath;
    },
    createWorker: () => new Worker(URL.createObjectURL(text)),
    compilerFiles: {
      runtimeWasm,
      languageWasm,
      typescript: async () => new URL(URL.createObjectURL(await scriptOf(element.dataset['typescript']))),
    },
    ...(start.runsRefused === undefined ? {} : { runsRefused: start.runsRefused }),
    runArguments: () => told.runArguments,
    goTo: (cell, range) =>
      editor.postMessage(range === undefined ? { type: 'go-to', cell } : { type: 'go-to', cell, range }),
    highlight: (cells) => editor.postMessage({ type: 'highlight', cells }),
    beforeRun: async () => (await asked.ask((id) => ({ type: 'save', id }))) === true,
    open: (what) => editor.postMessage({ type: 'open', what }),
    applyEdit: (edit) => editor.postMessage({ type: 'edit', edit }),
    saveSettings: (settings) => editor.postMessage({ type: 'settings', settings }),
    loadSettings: () => start.settings,
  };
  return { panel: mountPanel(element, host), service, told };
}

async function take(message: FromHost): Promise<void> {
  switch (message.type) {
    case 'start':
      mounted = await mount(message);
      return;
    case 'answer':
      asked.settle(message.id, ({ resolve }) => resolve(message.result));
      return;
    case 'refusal':
      asked.settle(message.id, ({ reject }) => reject(new ServiceRefusal(message.error)));
      return;
    default:
      if (mounted !== undefined) tell(mounted, message);
  }
}

type Told = Exclude<FromHost, { readonly type: 'start' | 'answer' | 'refusal' }>;

function tell({ panel, service, told }: Mounted, message: Told): void {
  switch (message.type) {
    case 'path':
      Object.assign(told, { notebookPath: message.notebookPath, runArguments: message.runArguments });
      return;
    case 'notebook':
      panel.setNotebook(message.text, message.name);
      return;
    case 'saved':
      panel.notebookSaved();
      return;
    case 'select':
      panel.selectCell(message.cell);
      return;
    case 'follow':
      panel.follow(message.run);
      return;
    case 'notification':
      for (const listener of service.listeners) listener(message.notification);
      return;
    case 'connected':
      for (const listener of service.connected) listener(message.connected);
      return;
  }
}

/** One after another: what comes while the page is made waits for it. */
let turn = Promise.resolve();
window.addEventListener('message', ({ data }: MessageEvent<FromHost>) => {
  if (data.type === 'answer' || data.type === 'refusal') void take(data);
  else turn = turn.then(() => take(data));
});
editor.postMessage({ type: 'ready' });
