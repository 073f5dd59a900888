import type { CellOutput } from '../service/protocol.ts';
import { showOutputs } from './outputs-view.ts';

/**
 * Outputs as elements that stay while the outputs do: what is drawn anew every second does not flicker, and frames are not loaded again.
 * Each place has its own, since an element is in one place only.
 */
export class ShownOutputs {
  readonly #known = new Map<string, { readonly outputs: readonly CellOutput[]; readonly element: HTMLElement }>();

  of(cell: string, outputs: readonly CellOutput[]): HTMLElement {
    const known = this.#known.get(cell);
    if (known?.outputs === outputs) return known.element;
    const element = showOutputs(outputs);
    this.#known.set(cell, { outputs, element });
    return element;
  }

  forget(): void {
    this.#known.clear();
  }
}
