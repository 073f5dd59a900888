import type { getLibFiles, ts } from '@ts-morph/common';

/** TypeScript's own compiler as ts-morph carries it, and the declarations of the language's library by file name. */
export interface TypeScript {
  readonly ts: typeof ts;
  readonly library: ReadonlyMap<string, string>;
}

/** Types of the syntax tree. */
export type { ts } from '@ts-morph/common';

/** The module that holds both. */
export interface TypeScriptModule {
  readonly ts: typeof ts;
  readonly getLibFiles: typeof getLibFiles;
}

/** Finds that module, which stands beside this one unless somebody knows better. Megabytes: only a notebook in TypeScript or JavaScript asks for them. */
export type TypeScriptSource = () => Promise<TypeScriptModule>;

/** Loads it. */
export async function loadTypeScript(source: TypeScriptSource = () => import('@ts-morph/common')): Promise<TypeScript> {
  const { ts: compiler, getLibFiles: listFiles } = await source();
  return { ts: compiler, library: new Map(listFiles().map(({ fileName, text }) => [fileName, text])) };
}
