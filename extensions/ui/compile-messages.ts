import type { CompiledNotebook } from './pipeline.ts';

/** What the page asks of the compiler's thread. */
export type CompileQuestion =
  | {
      readonly type: 'load';
      readonly number: number;
      /** Addresses, or the bytes themselves. */
      readonly runtimeWasm: string | ArrayBuffer;
      readonly languageWasm: string | ArrayBuffer;
    }
  | { readonly type: 'compile'; readonly number: number; readonly text: string; readonly name: string };

/** What it answers; `number` is that of the question. */
export type CompileAnswer =
  | { readonly type: 'loaded'; readonly number: number }
  | { readonly type: 'compiled'; readonly number: number; readonly compiled: CompiledNotebook }
  | { readonly type: 'failed'; readonly number: number; readonly reason: string };
