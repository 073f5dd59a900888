/** nbformat 3 to 4, after the changes that nbformat's own documentation lists for version 4.0. */
export function upgradeVersion3(document: Record<string, unknown>): Record<string, unknown> {
  const sheets = Array.isArray(document['worksheets']) ? (document['worksheets'] as unknown[]) : [];
  const cells = sheets.flatMap((sheet) => {
    const list = typeof sheet === 'object' && sheet !== null && 'cells' in sheet ? sheet.cells : [];
    return Array.isArray(list) ? list.map(upgradeCell) : [];
  });
  const metadata =
    typeof document['metadata'] === 'object' && document['metadata'] !== null ? { ...document['metadata'] } : {};
  // Both are gone in version 4.
  for (const name of ['name', 'signature']) Reflect.deleteProperty(metadata, name);
  return { cells, metadata, nbformat: 4, nbformat_minor: 5 };
}

function upgradeCell(cell: unknown): unknown {
  if (typeof cell !== 'object' || cell === null) return cell;
  const old = cell as Record<string, unknown>;
  const metadata = typeof old['metadata'] === 'object' && old['metadata'] !== null ? old['metadata'] : {};
  switch (old['cell_type']) {
    case 'code': {
      const outputs = Array.isArray(old['outputs'])
        ? old['outputs'].map(upgradeOutput).filter((output) => output !== undefined)
        : [];
      return {
        cell_type: 'code',
        metadata: 'collapsed' in old ? { ...metadata, collapsed: old['collapsed'] } : metadata,
        source: old['input'] ?? '',
        outputs,
        execution_count: old['prompt_number'] ?? null,
      };
    }
    case 'heading': {
      const level = typeof old['level'] === 'number' ? old['level'] : 1;
      const source = Array.isArray(old['source'])
        ? old['source'].join('')
        : typeof old['source'] === 'string'
          ? old['source']
          : '';
      return {
        cell_type: 'markdown',
        metadata,
        source: `${'#'.repeat(level)} ${source.replace(/\n$/, '').replace(/\n/g, ' ')}`,
      };
    }
    case 'html':
      return { cell_type: 'markdown', metadata, source: old['source'] ?? '' };
    default:
      return { cell_type: old['cell_type'], metadata, source: old['source'] ?? '' };
  }
}

const mimeTypes: Readonly<Record<string, string>> = {
  text: 'text/plain',
  html: 'text/html',
  svg: 'image/svg+xml',
  png: 'image/png',
  jpeg: 'image/jpeg',
  latex: 'text/latex',
  json: 'application/json',
  javascript: 'application/javascript',
};

function upgradeOutput(output: unknown): Record<string, unknown> | undefined {
  if (typeof output !== 'object' || output === null) return undefined;
  const old = output as Record<string, unknown>;
  switch (old['output_type']) {
    case 'stream':
      return { output_type: 'stream', name: old['stream'] ?? 'stdout', text: old['text'] ?? '' };
    case 'pyerr':
      return {
        output_type: 'error',
        ename: old['ename'] ?? '',
        evalue: old['evalue'] ?? '',
        traceback: old['traceback'] ?? [],
      };
    case 'pyout':
    case 'display_data': {
      const { output_type: type, prompt_number: count, metadata, ...shown } = old;
      const data = toMimeTypes(shown);
      const json = data['application/json'];
      if (json !== undefined) data['application/json'] = parseStored(json);
      const notes = typeof metadata === 'object' && metadata !== null ? toMimeTypes({ ...metadata }) : {};
      if (type === 'display_data') return { output_type: 'display_data', data, metadata: notes };
      return { output_type: 'execute_result', data, metadata: notes, execution_count: count ?? null };
    }
    default:
      return undefined;
  }
}

function toMimeTypes(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      Object.hasOwn(mimeTypes, key) ? (mimeTypes[key] ?? key) : key,
      value,
    ]),
  );
}

/** Version 3 kept JSON as text; what is no JSON stays text. */
function parseStored(value: unknown): unknown {
  const text = Array.isArray(value) ? value.join('') : value;
  if (typeof text !== 'string') return value;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return text;
    throw error;
  }
}
