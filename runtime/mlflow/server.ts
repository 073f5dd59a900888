import type { Variables } from '../variables.ts';
import { ask, authoritiesIn, isDistrust, type Answer } from './request.ts';

/** A tracking server that did not do what it was asked to; the message is one clause. */
export class ServerProblem extends Error {}

/** Milliseconds for one answer. */
const patience = 10_000;

/** The REST interface 2.0 of an MLflow tracking server. */
export class TrackingServer {
  readonly #base: string;
  readonly #headers: Record<string, string> = { 'content-type': 'application/json' };
  readonly #authorities: string | undefined;

  /**
   * @param uri address of the server; a name and a password in it are sent as such, and never shown
   * @param variables MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD; MLFLOW_TRACKING_SERVER_CERT_PATH
   * @throws {ServerProblem} when that is no address of a server, or the file of the authorities cannot be read
   */
  constructor(uri: string, variables: Variables) {
    const url = parse(uri);
    const { username, password } = url;
    url.username = url.password = url.search = url.hash = '';
    this.#base = url.href.replace(/\/+$/, '');
    this.#authorities = authorities(variables);
    const token = variables['MLFLOW_TRACKING_TOKEN'];
    const user = username === '' ? variables['MLFLOW_TRACKING_USERNAME'] : decodeURIComponent(username);
    const secret = username === '' ? variables['MLFLOW_TRACKING_PASSWORD'] : decodeURIComponent(password);
    if (token !== undefined && token !== '') this.#headers['authorization'] = `Bearer ${token}`;
    else if (user !== undefined && user !== '')
      this.#headers['authorization'] = `Basic ${Buffer.from(`${user}:${secret ?? ''}`).toString('base64')}`;
  }

  /** Without what nobody needs to see. */
  get address(): string {
    return this.#base;
  }

  /** Asks; undefined when the server has no such thing. */
  async get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return await this.#send(`${path}?${new URLSearchParams(query).toString()}`, { method: 'GET' });
  }

  /** Tells. */
  async post(path: string, body: unknown): Promise<unknown> {
    const answer = await this.#send(path, { method: 'POST', body: JSON.stringify(body) });
    if (answer === undefined) throw new ServerProblem(`${this.#base} does not know ${path}`);
    return answer;
  }

  async #ask(path: string, request: { readonly method: string; readonly body?: string }): Promise<Answer> {
    try {
      const around = { headers: this.#headers, patience, authorities: this.#authorities };
      return await ask(`${this.#base}/api/2.0/mlflow/${path}`, { ...request, ...around });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (!isDistrust(error)) throw new ServerProblem(`${this.#base} cannot be reached (${reasonOf(error)})`);
      const remedy = 'MLFLOW_TRACKING_SERVER_CERT_PATH names the file of an authority of your own';
      throw new ServerProblem(`${this.#base} cannot be trusted (${error.message}), and was sent nothing; ${remedy}`);
    }
  }

  async #send(path: string, request: { readonly method: string; readonly body?: string }): Promise<unknown> {
    const { status, statusText, text } = await this.#ask(path, request);
    const answer = readJson(text);
    if (status >= 200 && status < 300) return answer ?? {};
    const code = fieldOf(answer, 'error_code');
    if (status === 404 && code !== 'ENDPOINT_NOT_FOUND') return undefined;
    const message = fieldOf(answer, 'message') ?? statusText;
    throw new ServerProblem(
      `${this.#base} answers ${status} to ${path.replace(/\?.*/, '')} (${message.slice(0, 300)})`,
    );
  }
}

function authorities(variables: Variables): string | undefined {
  try {
    return authoritiesIn(variables);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ServerProblem(`the file of the authorities to trust cannot be read (${error.message})`);
  }
}

function parse(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  // A password may be in it.
  const shown = url === undefined ? 'it' : `a ${url.protocol}// address`;
  throw new ServerProblem(`${shown} is no http or https address of a tracking server`);
}

function reasonOf(error: Error & { readonly code?: unknown }): string {
  return error.name === 'AbortError' ? `no answer in ${patience / 1000} s` : String(error.code);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A text field of an answer. */
export function fieldOf(answer: unknown, name: string): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const value: unknown = Reflect.get(answer, name);
  return typeof value === 'string' ? value : undefined;
}
