import type { WasmFiles } from '../../ui/panel.ts';

// The bundler copies these files beside the extension and puts their addresses here.
const workerAddress = new URL('./compile-worker.js', import.meta.url);

/** Where the compiler's WebAssembly files are. */
export const wasm: WasmFiles = {
  runtimeWasm: new URL('./web-tree-sitter.wasm', import.meta.url),
  languageWasm: new URL('./tree-sitter-python.wasm', import.meta.url),
};

/** Starts the compiler beside the page's own thread. */
export function createCompileWorker(): Worker {
  return new Worker(workerAddress, { name: 'cellwright' });
}
