import { readFileSync } from 'node:fs';

interface Output {
  readonly output_type: string;
  readonly name?: string;
  readonly text?: string | string[];
  readonly data?: Record<string, unknown>;
  readonly ename?: string;
  readonly evalue?: string;
}

/** The outputs of every code cell, with streams joined and what differs between two honest runs masked. */
export function outputsOf(file: string): unknown[] {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: { cell_type: string; outputs?: Output[] }[] };
  return notebook.cells.filter((cell) => cell.cell_type === 'code').map((cell) => fold(cell.outputs ?? []));
}

function fold(outputs: readonly Output[]): unknown[] {
  const folded: { kind: string; value: unknown }[] = [];
  for (const output of outputs) {
    if (output.output_type === 'stream') {
      const text = join(output.text);
      const last = folded.at(-1);
      if (last !== undefined && last.kind === output.name) last.value = `${String(last.value)}${text}`;
      else folded.push({ kind: output.name ?? '', value: text });
    } else if (output.output_type === 'error') {
      folded.push({ kind: 'error', value: [output.ename, mask(output.evalue ?? '')] });
    } else {
      const data = Object.entries(output.data ?? {}).map(([mime, value]) => [mime, mask(join(value).trimEnd())]);
      folded.push({ kind: output.output_type, value: Object.fromEntries(data) as unknown });
    }
  }
  return folded.map(({ kind, value }) => [kind, typeof value === 'string' ? mask(value) : value]);
}

function join(value: unknown): string {
  if (Array.isArray(value)) return value.join('');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function mask(text: string): string {
  return text
    .replace(/0x[0-9a-f]{6,}/gi, 'ADDRESS')
    .replace(/\/tmp\/[\w./-]*/g, 'TEMPORARY')
    .replace(/^(CPU times|Wall time).*$/gm, 'TIME');
}
