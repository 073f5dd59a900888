import { readFileSync } from 'node:fs';
import { request as requestPlainly } from 'node:http';
import { request as requestSecurely } from 'node:https';
import type { Variables } from '../variables.ts';

/** What is asked of a server. */
export interface Asked {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole answer. */
  readonly patience: number;
  /** Certificates of the authorities that are trusted, as PEM; undefined for those that Node trusts. */
  readonly authorities: string | undefined;
}

/** What it said. */
export interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly text: string;
}

/** Whoever is named first is trusted, and nobody else: as MLflow's own client has it, and then other programs of this machine. */
const bundles = ['MLFLOW_TRACKING_SERVER_CERT_PATH', 'REQUESTS_CA_BUNDLE', 'SSL_CERT_FILE'];

/**
 * The authorities that variables of the environment name, as PEM; undefined when they name none.
 * @throws when the file cannot be read
 */
export function authoritiesIn(variables: Variables): string | undefined {
  const file = bundles.map((name) => variables[name] ?? '').find((value) => value !== '');
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

/** Asks once. A redirection is an answer like any other: what is sent, and with which password, was meant for this address. Rejects as Node does. */
export async function ask(url: string, { authorities: ca, patience, body, ...asked }: Asked): Promise<Answer> {
  const request = url.startsWith('https:') ? requestSecurely : requestPlainly;
  return await new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(patience);
    const sent = request(url, { ...asked, signal, ...(ca !== undefined && { ca }) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, statusText: response.statusMessage ?? '', text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** True for errors of Node that say that nobody who is trusted vouches for a server. */
export function isDistrust(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(?:CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|ERR_TLS_CERT_)/.test(code);
}
