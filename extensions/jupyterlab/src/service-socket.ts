import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  errorCodes,
  protocolVersion,
  type Method,
  type Notification,
  type ParamsOf,
  type ResultOf,
} from '../../service/protocol.ts';
import type { ServiceConnection } from '../../ui/panel.ts';
import { RpcConnection } from '../../ui/rpc-connection.ts';
import { ServiceRefusal } from '../../ui/service-refusal.ts';

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

const firstDelay = 500;
const longestDelay = 15_000;

/**
 * One WebSocket of the server's part for all notebooks of the page. It is opened with the first request and, when it is lost while somebody
 * listens, opened again. Jupyter's own settings say where it is and who asks.
 */
export class ServiceSocket implements ServiceConnection {
  readonly #settings: ServerConnection.ISettings;
  readonly #rpc: RpcConnection;
  #opening: Promise<void> | undefined;
  #socket: WebSocket | undefined;
  #watchers = 0;
  #delay = firstDelay;

  constructor(settings: ServerConnection.ISettings) {
    this.#settings = settings;
    this.#rpc = new RpcConnection((line) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) throw lost('');
      this.#socket.send(line);
    });
  }

  async request<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    await this.#connect();
    return await this.#rpc.request(method, params);
  }

  onNotification(listener: (notification: Notification) => void): () => void {
    return this.#rpc.onNotification(listener);
  }

  onConnected(listener: (connected: boolean) => void): () => void {
    const end = this.#rpc.onConnected(listener);
    this.#watchers++;
    return () => {
      end();
      this.#watchers--;
    };
  }

  async #connect(): Promise<void> {
    this.#opening ??= this.#open();
    try {
      await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { wsUrl, token, appendToken, WebSocket: Socket } = this.#settings;
    const query = appendToken && token !== '' ? `?token=${encodeURIComponent(token)}` : '';
    const socket = new Socket(`${URLExt.join(wsUrl, 'cellwright', 'service')}${query}`);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onclose = ({ reason }) => reject(lost(reason || 'The Jupyter server cannot be reached.'));
    });
    socket.onmessage = ({ data }: MessageEvent<string>) => this.#rpc.receive(data);
    socket.onclose = ({ reason }) => this.#lose(socket, reason);
    this.#socket = socket;
    await this.#rpc.request('initialize', { protocol: protocolVersion });
    this.#delay = firstDelay;
  }

  #lose(socket: WebSocket, reason: string): void {
    socket.onmessage = null;
    this.#socket = undefined;
    this.#opening = undefined;
    this.#rpc.closed(lost(reason).message);
    this.#openAgainLater();
  }

  #openAgainLater(): void {
    setTimeout(() => {
      // Nobody waits for it: the next request opens it.
      if (this.#watchers === 0 || this.#socket !== undefined) return;
      this.#connect().then(
        () => this.#rpc.opened(),
        () => this.#openAgainLater(),
      );
    }, this.#delay);
    this.#delay = Math.min(this.#delay * 2, longestDelay);
  }
}

function lost(reason: string): ServiceRefusal {
  const why = reason === '' ? 'The connection to the Jupyter server was lost.' : reason;
  return new ServiceRefusal({
    code: errorCodes.internal,
    message: `${why} It is opened again by itself; runs that were started go on.`,
  });
}
