import type { OutputMessage } from '../process/protocol.ts';

/** An nbformat output as JSON. */
export type NotebookOutput = Record<string, unknown>;

interface Shown {
  readonly outputs: NotebookOutput[];
  readonly displayIds: (string | undefined)[];
  clearNext: boolean;
}

/**
 * Folds the messages of all cells, in notebook order, into nbformat outputs: streams joined, `clear_output` obeyed, and updates
 * of a display applied to every cell that shows it.
 */
export function foldOutputs(
  cells: readonly { readonly executionCount: number; readonly messages: readonly OutputMessage[] }[],
): NotebookOutput[][] {
  const shown: Shown[] = [];
  for (const cell of cells) {
    const current: Shown = { outputs: [], displayIds: [], clearNext: false };
    shown.push(current);
    for (const message of cell.messages) addMessage(shown, current, message, cell.executionCount);
  }
  return shown.map((cell) => cell.outputs);
}

function addMessage(all: readonly Shown[], cell: Shown, message: OutputMessage, executionCount: number): void {
  if (message.kind === 'clear') {
    if (message.wait) cell.clearNext = true;
    else clear(cell);
    return;
  }
  if (message.kind === 'update-display') {
    update(all, message);
    return;
  }
  if (cell.clearNext) clear(cell);
  const last = cell.outputs.at(-1);
  if (message.kind === 'stream' && last?.['output_type'] === 'stream' && last['name'] === message.name) {
    last['text'] = String(last['text']) + message.text;
    return;
  }
  cell.displayIds.push(message.kind === 'display' ? message.displayId : undefined);
  cell.outputs.push(toOutput(message, executionCount));
}

function clear(cell: Shown): void {
  cell.outputs.length = 0;
  cell.displayIds.length = 0;
  cell.clearNext = false;
}

function update(all: readonly Shown[], message: OutputMessage & { kind: 'update-display' }): void {
  for (const cell of all) {
    cell.displayIds.forEach((id, place) => {
      const output = cell.outputs[place];
      if (id !== message.displayId || output === undefined) return;
      output['data'] = message.data;
      output['metadata'] = message.metadata;
    });
  }
}

function toOutput(
  message: Exclude<OutputMessage, { kind: 'clear' | 'update-display' }>,
  executionCount: number,
): NotebookOutput {
  switch (message.kind) {
    case 'stream':
      return { output_type: 'stream', name: message.name, text: message.text };
    case 'display':
      return { output_type: 'display_data', data: message.data, metadata: message.metadata };
    case 'result':
      return {
        output_type: 'execute_result',
        data: message.data,
        metadata: message.metadata,
        execution_count: executionCount,
      };
    case 'error':
      return { output_type: 'error', ename: message.ename, evalue: message.evalue, traceback: message.traceback };
  }
}
