/** A carriage return starts the line anew, as in a terminal: progress bars show their last state. */
export function applyReturns(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => (line.includes('\r') ? (line.split('\r').findLast((part) => part !== '') ?? '') : line))
    .join('\n');
}
