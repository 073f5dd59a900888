import type { ts as TypeScript } from '@ts-morph/common';
import type { Script } from '../../../bundle/format.ts';
import type { Effects } from '../../effects.ts';
import { scriptOf } from '../script.ts';
import type { LoweredCell } from './lower-cells.ts';

/** What a mixed cell does, by what its text says; of its TypeScript, which is ours, only the value of what it declares is taken. */
export function effectsOfMixed(
  ts: typeof TypeScript,
  { mixed, lowering, diagnostics }: LoweredCell,
  { effects, kernel }: { readonly effects: Effects; readonly kernel: string },
): Effects {
  if (lowering === undefined) return { ...effects, diagnostics };
  const names = new Set(lowering.binds.map(({ name }) => name));
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
    script: placed(scriptOf(ts, lowering.text, kernel), mixed.line, lowering.isConfined === true),
  };
}

/** All places of the script are that of the cell's first line, which its last line stands for; those inside are no reader's business. */
function placed(script: Script, line: number, isConfined: boolean): Script {
  const last = script.text.split('\n').length - 1;
  const mappings = `${';'.repeat(last)}AA${letters(line)}A`;
  return { ...script, mappings, ...(isConfined && { isConfined }) };
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A number from 0 as source maps write it. */
function letters(value: number): string {
  let [rest, text] = [value << 1, ''];
  do {
    const part = rest & 31;
    rest >>= 5;
    text += digits[rest > 0 ? part | 32 : part] ?? '';
  } while (rest > 0);
  return text;
}
