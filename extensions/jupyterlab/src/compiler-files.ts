import type { CompilerFiles } from '../../ui/panel.ts';

// The bundler copies these files beside the extension and puts their addresses here.
const workerAddress = new URL('./compile-worker.js', import.meta.url);

/** Where the compiler's files are. */
export const compilerFiles: CompilerFiles = {
  runtimeWasm: new URL('./web-tree-sitter.wasm', import.meta.url),
  languageWasm: new URL('./tree-sitter-python.wasm', import.meta.url),
  typescript: () => Promise.resolve(new URL('./typescript.mjs', import.meta.url)),
};

/** Starts the compiler beside the page's own thread. */
export function createCompileWorker(): Worker {
  return new Worker(workerAddress, { name: 'cellwright' });
}
