/** What a task of the editor calls, and what it shows of what the command line says. */

/** A task as tasks.json has it. */
export interface TaskOrder {
  readonly type: 'cellwright';
  readonly command: string;
  /** Path relative to the workspace folder. */
  readonly notebook: string;
  readonly arguments?: readonly string[];
}

/** The words of the command line, none of which any shell reads. */
export function taskArguments(order: TaskOrder, place: readonly string[]): readonly string[] {
  return [order.command, order.notebook, ...place, ...(order.arguments ?? [])];
}

const place = /^ {2}at (?=In \[|cell \d)/;
const problem = /^(?:error|warning|info) CW\d+: /;
const raised = /^The cell raised in (.+), (In \[\d+\]):$/;

/**
 * Lines for the terminal, and in them what the problem matcher needs: the command line names the cell of a problem, and this adds the
 * notebook, which it was called with. A cell that raised becomes a problem too.
 */
export class TaskLines {
  readonly #notebook: string;
  #isProblem = false;
  #rest = '';

  constructor(notebook: string) {
    this.#notebook = notebook;
  }

  /** Text as it came, which may end in the middle of a line. */
  take(text: string): string {
    const lines = `${this.#rest}${text}`.split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => `${this.#show(line)}\r\n`).join('');
  }

  /** What came after the last end of a line. */
  end(): string {
    const rest = this.#rest;
    this.#rest = '';
    return rest === '' ? '' : `${this.#show(rest)}\r\n`;
  }

  #show(line: string): string {
    const wasProblem = this.#isProblem;
    this.#isProblem = problem.test(line);
    if (wasProblem && place.test(line)) return line.replace(place, `  at ${this.#notebook}, `);
    // A problem without a place is one of the notebook.
    if (wasProblem) return `  in ${this.#notebook}\r\n${line}`;
    const [, task, cell] = raised.exec(line) ?? [];
    if (task === undefined || cell === undefined) return line;
    return `error: The cell raised in ${task}, ${cell}\r\n  at ${this.#notebook}, ${cell}`;
  }
}
