import type { OutputMessage } from '../process/protocol.ts';
import { describeVerdict, type GateVerdict } from './verdict.ts';

/**
 * The outputs of a cell with what its gates say, as an error: whoever reads the notebook, person or program, finds the reason for its end
 * there. A cell that raised has its own error.
 */
export function withVerdicts(
  outputs: readonly OutputMessage[],
  verdicts: readonly GateVerdict[],
): readonly OutputMessage[] {
  const closed = verdicts.filter(({ holds }) => !holds);
  if (closed.length === 0 || outputs.some(({ kind }) => kind === 'error')) return outputs;
  const lines = closed.map(describeVerdict);
  const evalue = lines.join('\n');
  return [...outputs, { kind: 'error', ename: 'GateDoesNotHold', evalue, traceback: lines.map(lineOf) }];
}

function lineOf(line: string): string {
  return `\u001B[0;31mGateDoesNotHold\u001B[0m: ${line}`;
}
