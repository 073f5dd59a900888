/** The extension where processes can be started: the desktop editor, a remote host, a server. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type * as vscode from 'vscode';
import { startExtension } from './extension.ts';
import { startThread } from './node-thread.ts';
import { interpreterOfFolder, onInterpreterChange, selectedInterpreter } from './python-environment.ts';
import { ServiceProcess } from './service-process.ts';
import { TaskTerminal } from './task-terminal.ts';

/** Called by the editor when a notebook is opened. */
export function activate(context: vscode.ExtensionContext): void {
  const dist = path.join(context.extensionPath, 'dist');
  const program = path.join(dist, 'cellwright.mjs');
  const bytesOf = (name: string): ArrayBuffer => new Uint8Array(readFileSync(path.join(dist, name))).buffer;
  startExtension(context, {
    createThread: () => startThread(path.join(dist, 'compile-thread.mjs')),
    compilerFiles: { runtimeWasm: bytesOf('web-tree-sitter.wasm'), languageWasm: bytesOf('tree-sitter-python.wasm') },
    processes: {
      startService: (folder, log) => new ServiceProcess({ program, folder, log }),
      openTerminal: (call) => new TaskTerminal(program, call),
      selectedInterpreter,
      interpreterOfFolder,
      onInterpreterChange,
    },
  });
}
