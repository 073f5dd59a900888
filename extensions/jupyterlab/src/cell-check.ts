import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import { CompileClient } from '../../ui/compile-client.ts';
import { createCompileWorker, compilerFiles } from './compiler-files.ts';

type Told = readonly Diagnostic[] | undefined;

/** A cell as a notebook would have it. */
export interface CheckedCell {
  readonly source: string;
  readonly tags: readonly string[];
  /** Of the notebook. */
  readonly language: string | undefined;
  readonly kernel: string;
}

/** Asks the compiler what it says of one cell alone, so that a value is judged before it is written into the notebook. */
export class CellCheck {
  #client: CompileClient | undefined;
  #waiting: ((told: Told) => void) | undefined;

  /** Undefined when the compiler cannot be loaded, which the view says, and for a question that another one did not wait for. */
  async check({ source, tags, language, kernel }: CheckedCell): Promise<Told> {
    this.#answer(undefined);
    this.#client ??= new CompileClient(createCompileWorker(), compilerFiles, {
      onCompiled: ({ diagnostics }) => this.#answer(diagnostics),
      onFailed: () => this.#answer(undefined),
    });
    const cell = { id: 'checked', cell_type: 'code', metadata: { tags }, source, outputs: [], execution_count: null };
    const metadata = { kernelspec: { name: kernel, language, display_name: kernel } };
    const notebook = { cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 };
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
