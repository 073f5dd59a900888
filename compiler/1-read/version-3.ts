/** nbformat 3 to 4, after the changes that nbformat's own documentation lists for version 4.0. */
export function upgradeVersion3(document: Record<string, unknown>): Record<string, unknown> {
  const sheets = Array.isArray(document['worksheets']) ? (document['worksheets'] as unknown[]) : [];
  const cells = sheets.flatMap((sheet) => {
    const list = typeof sheet === 'object' && sheet !== null && 'cells' in sheet ? sheet.cells : [];
    return Array.isArray(list) ? list.map(upgradeCell) : [];
  });
  const metadata =
    typeof document['metadata'] === 'object' && document['metadata'] !== null ? { ...document['metadata'] } : {};
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
        metadata,
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
      return { cell_type: 'markdown', metadata, source: `${'#'.repeat(level)} ${source.replace(/\n/g, ' ')}` };
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
      const data = Object.fromEntries(
        Object.entries(mimeTypes).flatMap(([key, mime]) => (key in old ? [[mime, old[key]]] : [])),
      );
      const metadata = typeof old['metadata'] === 'object' && old['metadata'] !== null ? old['metadata'] : {};
      if (old['output_type'] === 'display_data') return { output_type: 'display_data', data, metadata };
      return { output_type: 'execute_result', data, metadata, execution_count: old['prompt_number'] ?? null };
    }
    default:
      return undefined;
  }
}
