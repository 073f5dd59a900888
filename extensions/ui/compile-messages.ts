import type { CompiledNotebook } from './pipeline.ts';

/** What the page asks of the compiler's thread. */
export type CompileQuestion =
  | {
      readonly type: 'load';
      readonly number: number;
      /** Addresses, or the bytes themselves. */
      readonly runtimeWasm: string | ArrayBuffer;
      readonly languageWasm: string | ArrayBuffer;
      /** It has to ask for the address of TypeScript's compiler; else that is beside it. */
      readonly asksForTypeScript: boolean;
    }
  /** Where that is, or why it cannot be said. */
  | { readonly type: 'typescript'; readonly address: string }
  | { readonly type: 'no-typescript'; readonly reason: string }
  | { readonly type: 'compile'; readonly number: number; readonly text: string; readonly name: string };

/** What it answers; `number` is that of the question. Before an answer it may ask once where TypeScript's compiler is. */
export type CompileAnswer =
  | { readonly type: 'wants-typescript' }
  | { readonly type: 'loaded'; readonly number: number }
  | { readonly type: 'compiled'; readonly number: number; readonly compiled: CompiledNotebook }
  | { readonly type: 'failed'; readonly number: number; readonly reason: string };
