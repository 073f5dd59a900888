import { protocolVersion, type ResultOf } from '../service/protocol.ts';
import { RpcConnection } from './rpc-connection.ts';

/** Milliseconds after which a lost connection is tried again; longer each time. */
const firstPause = 500;
const longestPause = 8000;

/** A connection of the page to the server that it came from: answers and notifications come in one stream, requests go out one by one. */
export class PageStream extends RpcConnection {
  readonly #token: string;
  #session = '';

  constructor(token: string) {
    super((line) => this.#post(line));
    this.#token = token;
  }

  /** Opens the stream; rejects when the server does not take the token. */
  async begin(): Promise<ResultOf<'initialize'>> {
    await this.#open();
    return await this.request('initialize', { protocol: protocolVersion });
  }

  async #open(): Promise<void> {
    const response = await fetch('/events', { headers: this.#headers(), cache: 'no-store' });
    if (!response.ok) throw new Error(await response.text());
    const [session] = [response.headers.get('cellwright-session') ?? ''];
    this.#session = session;
    void this.#read(response)
      .catch(() => undefined)
      .finally(() => void this.#again());
  }

  async #read(response: Response): Promise<void> {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
        if (data.length > 0) this.receive(data.join('\n'));
      }
    }
  }

  async #again(): Promise<void> {
    this.closed('The connection to cellwright open was lost.');
    for (let pause = firstPause; ; pause = Math.min(longestPause, pause * 2)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      try {
        await this.begin();
        this.opened();
        return;
      } catch {
        // It is tried again; what is lost is said in the view meanwhile.
        continue;
      }
    }
  }

  #post(line: string): void {
    const headers = { ...this.#headers(), 'content-type': 'application/json', 'cellwright-session': this.#session };
    fetch('/rpc', { method: 'POST', headers, body: line, cache: 'no-store' }).then(
      async (response) => {
        const text = await response.text();
        if (!response.ok) this.#refuse(line, text);
      },
      () => this.#refuse(line, 'The request did not reach cellwright open.'),
    );
  }

  /** A request that did not arrive is answered here. */
  #refuse(line: string, message: string): void {
    const { id } = JSON.parse(line) as { readonly id: number };
    this.receive(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32603, message } }));
  }

  #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` };
  }
}

/** A connection that is not open yet. */
export function openStream(token: string): PageStream {
  return new PageStream(token);
}
