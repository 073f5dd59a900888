import type { KnownRequest } from './notebook-service.ts';
import { errorCodes, type Method } from './protocol.ts';
import { refused } from './refused.ts';

type Kind = 'text' | 'number' | 'texts';

/** What each request takes; `?` behind a kind: it may be left out. */
const shapes: Readonly<Record<Method, Readonly<Record<string, Kind | `${Kind}?`>>>> = {
  initialize: { protocol: 'number' },
  command: { arguments: 'texts', folder: 'text' },
  start: { notebook: 'text', arguments: 'texts', folder: 'text?' },
  follow: { notebook: 'text', run: 'text', from: 'number?' },
  unfollow: { run: 'text' },
  stop: { notebook: 'text', run: 'text' },
  active: { notebook: 'text' },
  'read-notebook': { notebook: 'text' },
  'watch-notebook': { notebook: 'text' },
  'read-report': { notebook: 'text', run: 'text?' },
};

/** Reads a request strictly; rejects what is no request of the protocol. */
export function checkParams(method: string, params: unknown): KnownRequest {
  if (!Object.hasOwn(shapes, method)) throw refused(errorCodes.noSuchMethod, `There is no request ${method}.`);
  const shape = shapes[method as Method];
  const given = (typeof params === 'object' && params !== null ? params : {}) as Readonly<Record<string, unknown>>;
  for (const [name, kind] of Object.entries(shape)) {
    const value = given[name];
    const isOptional = kind.endsWith('?');
    if (value === undefined && isOptional) continue;
    if (!fits(value, kind.replace('?', '') as Kind))
      throw refused(
        errorCodes.invalidParams,
        `${method} takes ${name}, which has to be ${words[kind.replace('?', '') as Kind]}.`,
      );
  }
  return { method, params: given } as unknown as KnownRequest;
}

const words: Readonly<Record<Kind, string>> = { text: 'text', number: 'a whole number', texts: 'a list of texts' };

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && !value.includes('\0');
    case 'number':
      return Number.isInteger(value);
    case 'texts':
      return Array.isArray(value) && value.every((one) => typeof one === 'string' && !one.includes('\0'));
  }
}
