/** The extension in the web editor, where no process can be started: the pipeline and its diagnostics. */
import * as vscode from 'vscode';
import { startExtension } from './extension.ts';

/** Called by the editor when a notebook is opened. */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const read = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
    new Uint8Array(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(context.extensionUri, 'dist', name)));
  const addressOf = async (name: string): Promise<URL> => {
    const address = URL.createObjectURL(new Blob([await read(name)], { type: 'text/javascript' }));
    context.subscriptions.push({ dispose: () => URL.revokeObjectURL(address) });
    return new URL(address);
  };
  let typescript: URL | undefined;
  // The extension host of the web editor is a worker, and this one is its own.
  const [worker, runtimeWasm, languageWasm] = await Promise.all([
    addressOf('compile-worker.js'),
    read('web-tree-sitter.wasm'),
    read('tree-sitter-python.wasm'),
  ]);
  startExtension(context, {
    createThread: () => new Worker(worker),
    compilerFiles: {
      runtimeWasm: runtimeWasm.buffer,
      languageWasm: languageWasm.buffer,
      typescript: async () => (typescript ??= await addressOf('typescript.mjs')),
    },
    processes: undefined,
  });
}
