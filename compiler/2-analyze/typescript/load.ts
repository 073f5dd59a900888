import type { ts } from '@ts-morph/common';

/** TypeScript's own compiler as ts-morph carries it, and the declarations of the language's library by file name. */
export interface TypeScript {
  readonly ts: typeof ts;
  readonly library: ReadonlyMap<string, string>;
}

/** Types of the syntax tree. */
export type { ts } from '@ts-morph/common';

/** Loads it. Nine megabytes: only a notebook in TypeScript or JavaScript asks for them. */
export async function loadTypeScript(): Promise<TypeScript> {
  const { ts: compiler, getLibFiles } = await import('@ts-morph/common');
  return { ts: compiler, library: new Map(getLibFiles().map(({ fileName, text }) => [fileName, text])) };
}
