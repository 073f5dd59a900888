import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import { CompileClient } from '../../ui/compile-client.ts';
import { createCompileWorker, wasm } from './compiler-files.ts';

type Told = readonly Diagnostic[] | undefined;

/** Asks the compiler what it says of one cell alone, so that a value is judged before it is written into the notebook. */
export class CellCheck {
  #client: CompileClient | undefined;
  #waiting: ((told: Told) => void) | undefined;

  /** Undefined when the compiler cannot be loaded, which the view says, and for a question that another one did not wait for. */
  async check(source: string, tags: readonly string[]): Promise<Told> {
    this.#answer(undefined);
    this.#client ??= new CompileClient(createCompileWorker(), wasm, {
      onCompiled: ({ diagnostics }) => this.#answer(diagnostics),
      onFailed: () => this.#answer(undefined),
    });
    const cell = { id: 'checked', cell_type: 'code', metadata: { tags }, source, outputs: [], execution_count: null };
    const notebook = { cells: [cell], metadata: { kernelspec: { name: 'python3' } }, nbformat: 4, nbformat_minor: 5 };
    const answered = new Promise<Told>((resolve) => (this.#waiting = resolve));
    this.#client.compile(JSON.stringify(notebook), 'notebook.ipynb');
    return await answered;
  }

  dispose(): void {
    this.#answer(undefined);
    this.#client?.dispose();
  }

  #answer(told: Told): void {
    this.#waiting?.(told);
    this.#waiting = undefined;
  }
}
