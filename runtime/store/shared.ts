import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { objectPath, readOrNothing } from './local.ts';

/** Objects that tasks on other machines have written, in a store that is not this machine's own. */
export interface SharedObjects {
  has(digest: string): boolean;
  /** They are there: whoever has said so has put them there. */
  note(digests: readonly string[]): void;
  /** It turned out not to be there, or not to be what its name says. */
  forget(digest: string): void;
}

/** A folder that can be looked into. */
export function sharedFolder(root: string): SharedObjects {
  return { has: (digest) => existsSync(objectPath(root, digest)), note: () => undefined, forget: () => undefined };
}

/**
 * A store behind an address, which would have to be asked over the network: what has been put there is remembered beside the cache. When an
 * object has gone from there meanwhile, whoever wants to read it says so, and it is forgotten.
 * @param root where the state of the notebook is
 */
export function sharedAddress(root: string, url: string): SharedObjects {
  const file = join(root, 'shared', createHash('sha256').update(url).digest('hex').slice(0, 16));
  const known = new Set((readOrNothing(file) ?? '').split('\n').filter((line) => line !== ''));
  let lost = 0;
  return {
    has: (digest) => known.has(digest),
    note: (digests) => {
      const fresh = digests.filter((digest) => !known.has(digest));
      if (fresh.length === 0) return;
      for (const digest of fresh) known.add(digest);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      appendFileSync(file, fresh.map((digest) => `${digest}\n`).join(''));
    },
    forget: (digest) => {
      if (!known.delete(digest)) return;
      // Of a store that has lost two, nothing is believed any more: each further one would cost a start from the beginning.
      if (++lost > 1) known.clear();
      writeFileSync(file, [...known, ''].join('\n'));
    },
  };
}
