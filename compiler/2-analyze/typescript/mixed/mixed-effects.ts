import type { Effects } from '../../effects.ts';
import type { LoweredCell } from './lower-cells.ts';
import { rangeOfWords } from './lowering.ts';

/** What a mixed cell does, by what its text says; of its TypeScript, which is ours, only the value of what it declares is taken. */
export function effectsOfMixed({ mixed, lowering, diagnostics }: LoweredCell, effects: Effects): Effects {
  if (lowering === undefined || effects.script === undefined) return { ...effects, diagnostics };
  const names = new Set(lowering.binds.map(({ name }) => name));
  const { modules, ...script } = effects.script;
  const range = rangeOfWords(mixed);
  return {
    reads: [],
    binds: lowering.binds,
    deletes: [],
    steps: effects.steps.filter((step) => step.kind === 'bind' && !step.local && names.has(step.name)),
    summaries: [],
    state: [],
    files: lowering.files,
    outside: lowering.outside,
    imports: [],
    importStatements: [],
    leadingImports: 0,
    // What is no variable is for the cell to find: a table, or nothing.
    unobservable: lowering.reads,
    unknown: [],
    normalised: lowering.text,
    showsLines: false,
    diagnostics,
    lowered: lowering.text,
    script: {
      ...script,
      ...(modules !== undefined && { modules: modules.map(({ specifier }) => ({ specifier, range })) }),
      mappings: '',
      standsFor: mixed.line,
      ...(lowering.isConfined === true && { isConfined: true }),
      ...(lowering.looksFor !== undefined && { looksFor: lowering.looksFor }),
    },
  };
}
