import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ServiceConnection } from '../../ui/panel.ts';
import { protocolVersion } from '../../service/protocol.ts';
import type { Method, Notification, ParamsOf, ResponseError, ResultOf } from '../../service/protocol.ts';

/** What the server's part says of itself. */
export interface ServerPart {
  readonly version: string;
  /** Why runs are not possible there, for people. */
  readonly missing: string | null;
  /** The folder that the server serves, as a real path. */
  readonly root: string | null;
}

/** Asks for the server's part; undefined where there is none, as in JupyterLite. */
export async function findServerPart(settings: ServerConnection.ISettings): Promise<ServerPart | undefined> {
  try {
    const address = URLExt.join(settings.baseUrl, 'cellwright', 'about');
    const response = await ServerConnection.makeRequest(address, {}, settings);
    if (!response.ok || !(response.headers.get('content-type') ?? '').includes('json')) return undefined;
    return (await response.json()) as ServerPart;
  } catch (error) {
    if (error instanceof ServerConnection.NetworkError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Why a request was refused, in words for people. */
export class RequestRefused extends Error {
  readonly code: number;
  readonly data: unknown;
  constructor({ code, message, data }: Omit<ResponseError, 'code'> & { readonly code: number }) {
    super(message);
    this.name = 'RequestRefused';
    this.code = code;
    this.data = data;
  }
}

/** The connection was lost before the answer came. */
const connectionLost = -32000;

interface Waiting {
  readonly answer: (result: unknown) => void;
  readonly refuse: (reason: Error) => void;
}

const firstDelay = 500;
const longestDelay = 15_000;

/**
 * One WebSocket of the server's part for all notebooks of the page. It is opened with the first request and, when it is lost while somebody
 * listens, opened again. Jupyter's own settings say where it is and who asks.
 */
export class ServiceSocket implements ServiceConnection {
  readonly #settings: ServerConnection.ISettings;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  readonly #connectedListeners = new Set<(connected: boolean) => void>();
  #socket: Promise<WebSocket> | undefined;
  #lastId = 0;
  #delay = firstDelay;
  #isDisposed = false;

  constructor(settings: ServerConnection.ISettings) {
    this.#settings = settings;
  }

  async request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const socket = await this.#connect();
    return (await this.#ask(socket, method, params)) as ResultOf<M>;
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onConnected(listener: (connected: boolean) => void): () => void {
    this.#connectedListeners.add(listener);
    return () => this.#connectedListeners.delete(listener);
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#socket?.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }

  async #connect(): Promise<WebSocket> {
    this.#socket ??= this.#open();
    try {
      return await this.#socket;
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
  }

  async #open(): Promise<WebSocket> {
    const { wsUrl, token, appendToken, WebSocket: Socket } = this.#settings;
    const query = appendToken && token !== '' ? `?token=${encodeURIComponent(token)}` : '';
    const socket = new Socket(`${URLExt.join(wsUrl, 'cellwright', 'service')}${query}`);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onclose = ({ reason }) => reject(lost(reason || 'The Jupyter server cannot be reached.'));
    });
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#receive(data);
    socket.onclose = ({ reason }) => this.#lose(socket, reason);
    await this.#ask(socket, 'initialize', { protocol: protocolVersion });
    this.#delay = firstDelay;
    return socket;
  }

  #ask(socket: WebSocket, method: string, params: unknown): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((answer, refuse) => {
      if (socket.readyState !== socket.OPEN) {
        refuse(lost(''));
        return;
      }
      this.#waiting.set(id, { answer, refuse });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as {
      readonly id?: number | null;
      readonly method?: string;
      readonly result?: unknown;
      readonly error?: ResponseError;
    };
    if (message.method !== undefined) {
      for (const listener of this.#listeners) listener(message as Notification);
      return;
    }
    const waiting = this.#waiting.get(message.id ?? -1);
    this.#waiting.delete(message.id ?? -1);
    if (message.error === undefined) waiting?.answer(message.result);
    else waiting?.refuse(new RequestRefused(message.error));
  }

  #lose(socket: WebSocket, reason: string): void {
    socket.onmessage = null;
    this.#socket = undefined;
    for (const { refuse } of this.#waiting.values()) refuse(lost(reason));
    this.#waiting.clear();
    for (const listener of this.#connectedListeners) listener(false);
    this.#openAgainLater();
  }

  #openAgainLater(): void {
    if (this.#isDisposed || this.#connectedListeners.size === 0) return;
    setTimeout(() => {
      if (this.#isDisposed) return;
      this.#connect().then(
        () => {
          for (const listener of this.#connectedListeners) listener(true);
        },
        () => this.#openAgainLater(),
      );
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, longestDelay);
  }
}

function lost(reason: string): RequestRefused {
  const why = reason === '' ? 'The connection to the Jupyter server was lost.' : reason;
  return new RequestRefused({ code: connectionLost, message: `${why} Runs that were started go on there.` });
}
