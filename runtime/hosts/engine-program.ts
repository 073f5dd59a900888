import { spawn, type ChildProcess } from 'node:child_process';
import { readLines } from '../process/reception.ts';

/** What the program that keeps hosts on a cluster says. */
export type FromEngine =
  /** How many hosts there is room for, and what there is, for people. */
  | { readonly type: 'ready'; readonly slots: number; readonly about: string }
  /** A host has ended; another one is asked for. */
  | { readonly type: 'ended'; readonly name: string; readonly text: string }
  /** It can do no more. */
  | { readonly type: 'failed'; readonly message: string; readonly help: string };

/** What it is started with. */
export interface EngineStart {
  readonly executable: string;
  /** Path of `engines.py`. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** One line of JSON on its standard input; see `cellwright_engines/keep.py`. */
  readonly configuration: object;
  readonly onMessage: (message: FromEngine) => void;
}

/** The program that keeps hosts on a cluster, as long as its standard input is open. */
export class EngineProgram {
  readonly #child: ChildProcess;
  #isEnded = false;
  #complaint = '';

  constructor({ executable, script, environment, configuration, onMessage }: EngineStart) {
    const child = spawn(executable, ['-X', 'utf8', script], {
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      // What a terminal sends to stop the run goes to the scheduler alone.
      detached: true,
    });
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${JSON.stringify(configuration)}\n`);
    readLines(child.stdout, (line) => {
      // Libraries may print as well.
      if (line.startsWith('{"cellwright"')) onMessage((JSON.parse(line) as { cellwright: FromEngine }).cellwright);
    });
    child.stderr.on('data', (data: Buffer) => {
      this.#complaint = (this.#complaint + data.toString('utf8')).slice(-4000);
    });
    const failed = (message: string): void => {
      if (!this.#isEnded)
        onMessage({ type: 'failed', message, help: 'What it wrote last is the end of this message.' });
      this.#isEnded = true;
    };
    child.on('error', (error) => {
      failed(error.message);
    });
    child.on('exit', () => {
      failed(`the program that keeps hosts ended: ${this.#complaint.trim().split('\n').slice(-3).join(' | ')}`);
    });
  }

  /** Lets it end, and with it every host. */
  end(): void {
    this.#isEnded = true;
    this.#child.stdin?.end();
    this.#child.stderr?.destroy();
    this.#child.stdout?.destroy();
    this.#child.unref();
  }
}
