/** Line ends as Python's `str.splitlines` knows them. */
const line = /[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]*(?:\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]|$)/gu;

/**
 * A notebook as Jupyter's own library writes it: sorted keys, one space of indentation, long texts as lists of lines. Compared with
 * what Jupyter saves, it differs only where it is different.
 */
export function writeNotebook(notebook: object): string {
  return `${JSON.stringify(sorted(splitTexts(notebook)), null, 1)}\n`;
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function splitTexts(notebook: object): Json {
  const cells: readonly unknown[] = 'cells' in notebook && Array.isArray(notebook.cells) ? notebook.cells : [];
  return { ...notebook, cells: cells.map((cell: unknown) => (isObject(cell) ? splitCell(cell) : cell)) };
}

function splitCell(cell: Json): Json {
  const outputs: unknown = cell['outputs'];
  const { attachments } = cell;
  return {
    ...cell,
    source: splitLines(cell['source']),
    ...(Array.isArray(outputs)
      ? { outputs: outputs.map((output: unknown) => (isObject(output) ? splitOutput(output) : output)) }
      : {}),
    ...(isObject(attachments)
      ? { attachments: Object.fromEntries(Object.entries(attachments).map(([name, data]) => [name, splitData(data)])) }
      : {}),
  };
}

function splitOutput(output: Json): Json {
  const type = output['output_type'];
  if (type === 'stream') return { ...output, text: splitLines(output['text']) };
  return type === 'execute_result' || type === 'display_data' ? { ...output, data: splitData(output['data']) } : output;
}

function splitData(data: unknown): unknown {
  if (!isObject(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      type.startsWith('text/') || type === 'application/javascript' || type === 'image/svg+xml'
        ? splitLines(value)
        : value,
    ]),
  );
}

function splitLines(text: unknown): unknown {
  return typeof text === 'string' ? (text.match(line) ?? []).filter((part) => part !== '') : text;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
