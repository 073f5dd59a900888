/** A terminal in which the command line runs, with the Node that the editor itself runs on. */
import { spawn, type ChildProcess } from 'node:child_process';
import * as vscode from 'vscode';
import { childEnvironment } from './child-environment.ts';
import type { TerminalCall } from './place.ts';
import { TaskLines } from './task-line.ts';

/** Ctrl-C, which a terminal sends as this character. */
const interrupt = '\u0003';

/** Shows what the command line says. Closing the terminal interrupts it. */
export class TaskTerminal implements vscode.Pseudoterminal {
  readonly #written = new vscode.EventEmitter<string>();
  readonly #closed = new vscode.EventEmitter<number>();
  readonly onDidWrite: vscode.Event<string> = this.#written.event;
  readonly onDidClose: vscode.Event<number> = this.#closed.event;
  readonly #program: string;
  readonly #call: TerminalCall;
  #child: ChildProcess | undefined;

  /** @param program path of the command line's bundle */
  constructor(program: string, call: TerminalCall) {
    this.#program = program;
    this.#call = call;
  }

  open(): void {
    const { words, folder, notebook } = this.#call;
    this.#written.fire(`> cellwright ${words.join(' ')}\r\n`);
    const child = spawn(process.execPath, [this.#program, ...words], {
      cwd: folder,
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const streams = [child.stdout, child.stderr].map((stream) => {
      const lines = new TaskLines(notebook);
      stream.setEncoding('utf8').on('data', (text: string) => this.#written.fire(lines.take(text)));
      return lines;
    });
    child.on('error', (error) => this.#end(`${error.message}\r\n`, 1));
    child.on('close', (code) => this.#end(streams.map((lines) => lines.end()).join(''), code ?? 130));
  }

  close(): void {
    this.#child?.kill('SIGINT');
  }

  handleInput(data: string): void {
    if (data === interrupt) this.close();
  }

  #end(last: string, code: number): void {
    this.#child = undefined;
    if (last !== '') this.#written.fire(last);
    this.#closed.fire(code);
  }
}
