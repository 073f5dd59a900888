import { languageOfNotebook } from '../../runtime/index.ts';
import type { Input } from './input.ts';

/** True for a notebook whose cells run where all commands know their way. */
export function isPython({ bundle }: Pick<Input, 'bundle'>): boolean {
  return languageOfNotebook(bundle.notebook.language).knowsEverything;
}
