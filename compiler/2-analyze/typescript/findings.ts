import type { Lasting, NameUse, Summary } from '../effects.ts';
import type { Range } from '../../bundle/diagnostic.ts';
import type { Step } from '../steps.ts';

/** What a piece of code does to names of the notebook. */
export interface Findings {
  readonly reads: NameUse[];
  readonly binds: NameUse[];
  readonly deletes: NameUse[];
  readonly steps: Step[];
  readonly summaries: Summary[];
  readonly imports: string[];
  readonly outlives: Lasting[];
  readonly unknown: { readonly reason: string; readonly range: Range }[];
}

/** Makes empty findings. */
export function noFindings(): Findings {
  return { reads: [], binds: [], deletes: [], steps: [], summaries: [], imports: [], outlives: [], unknown: [] };
}
