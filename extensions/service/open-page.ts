import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Program } from './call-command.ts';
import { answerMessage, messageOf } from './json-rpc.ts';
import { NotebookService } from './notebook-service.ts';
import type { ServiceMessage } from './protocol.ts';

/** What is shown. */
export interface Opening {
  /** Absolute path of the notebook. */
  readonly notebook: string;
  /** Folder of the built page. */
  readonly page: string;
  /** Folder of the files that the compiler loads. */
  readonly compilerFiles: string;
  /** 0: any port that is free. */
  readonly port: number;
}

/** A page that is served on this machine alone. */
export interface OpenPage {
  /** With the token behind `#`, which browsers send to nobody. */
  readonly address: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Nothing is loaded from elsewhere, no program in a cell's output runs, and no other page may hold this one. */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** A request larger than this is none of the page's. */
const largest = 10_000_000;
/** Milliseconds between two signs of life on a stream. */
const heartbeat = 15_000;

/** Serves the view of one notebook on the loopback interface. */
export async function openPage(program: Program, opening: Opening): Promise<OpenPage> {
  const door = new PageDoor(program, opening);
  const server = createServer((request, response) => {
    door.answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, 500, error instanceof Error ? error.message : String(error));
      else response.destroy();
    });
  });
  await listenOn(server, opening.port);
  const { port } = server.address() as AddressInfo;
  door.port = port;
  return {
    address: `http://127.0.0.1:${port}/#token=${door.token}`,
    close: async () => {
      door.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listenOn(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Session {
  readonly service: NotebookService;
  readonly send: (message: ServiceMessage) => void;
}

class PageDoor {
  readonly token: string = randomBytes(32).toString('base64url');
  readonly #program: Program;
  readonly #opening: Opening;
  readonly #sessions = new Map<string, Session>();
  port = 0;

  constructor(program: Program, opening: Opening) {
    this.#program = program;
    this.#opening = opening;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const stranger = this.#findStranger(request);
    if (stranger !== undefined) {
      refuse(response, 403, stranger);
      return;
    }
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'GET' && this.#sendFile(pathname, response)) return;
    if (!this.#hasToken(request)) {
      refuse(response, 401, 'This page needs the token of the address that cellwright open has printed.');
      return;
    }
    if (request.method === 'GET' && pathname === '/events') this.#openStream(response);
    else if (request.method === 'POST' && pathname === '/rpc') await this.#takeRequest(request, response);
    else refuse(response, 404, 'There is nothing here.');
  }

  close(): void {
    for (const { service } of this.#sessions.values()) service.close();
    this.#sessions.clear();
  }

  /** A name of another host for this machine, or a page of another origin. */
  #findStranger({ headers: said }: IncomingMessage): string | undefined {
    const own = [`127.0.0.1:${this.port}`, `localhost:${this.port}`];
    if (!own.includes(said.host ?? '')) return 'This page is only for this machine.';
    const { origin } = said;
    if (origin !== undefined && !own.some((host) => origin === `http://${host}`))
      return 'Requests of other pages are refused.';
    const site = said['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'Requests of other pages are refused.';
    return undefined;
  }

  #hasToken({ headers: said }: IncomingMessage): boolean {
    const given = Buffer.from(said.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${this.token}`);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** The page itself holds nothing of the notebook, so it needs no token. */
  #sendFile(pathname: string, response: ServerResponse): boolean {
    const { page, compilerFiles } = this.#opening;
    const files: Readonly<Record<string, string>> = {
      '/': path.join(page, 'page.html'),
      '/page.css': path.join(page, 'page.css'),
      '/page.js': path.join(page, 'page.js'),
      '/compile-worker.js': path.join(page, 'compile-worker.js'),
      '/web-tree-sitter.wasm': path.join(compilerFiles, 'web-tree-sitter.wasm'),
      '/tree-sitter-python.wasm': path.join(compilerFiles, 'tree-sitter-python.wasm'),
      '/typescript.mjs': path.join(compilerFiles, 'typescript.mjs'),
    };
    const file = Object.hasOwn(files, pathname) ? files[pathname] : undefined;
    if (file === undefined) return false;
    response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
    return true;
  }

  #openStream(response: ServerResponse): void {
    const name = randomBytes(16).toString('hex');
    const send = (message: ServiceMessage): void => void response.write(`data: ${JSON.stringify(message)}\n\n`);
    const service = new NotebookService(this.#program, (said) => send(messageOf(said)), this.#opening.notebook);
    this.#sessions.set(name, { service, send });
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cellwright-session': name });
    response.write(': open\n\n');
    const beat = setInterval(() => response.write(': \n\n'), heartbeat);
    response.on('close', () => {
      clearInterval(beat);
      service.close();
      this.#sessions.delete(name);
    });
  }

  async #takeRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = this.#sessions.get(String(request.headers['cellwright-session'] ?? ''));
    if (session === undefined) {
      refuse(response, 409, 'There is no such connection any more.');
      return;
    }
    const text = await readBody(request);
    if (text === undefined) {
      refuse(response, 413, 'The request is too large.');
      return;
    }
    response.statusCode = 202;
    response.end();
    const answer = await answerMessage(text, session.service);
    if (answer !== undefined) session.send(answer);
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largest) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${why}\n`);
}
