/** Percent-format Python, as jupytext writes it: `# %%` starts a cell, `# %% [markdown]` a Markdown cell in comments. */
export function parsePercent(text: string): Record<string, unknown> {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  let start = 0;
  const metadata: Record<string, unknown> = {};
  if (lines[0]?.trim() === '# ---') {
    const end = lines.indexOf('# ---', 1);
    if (end > 0) {
      const header = lines.slice(1, end).map((line) => line.replace(/^# ?/, ''));
      const name = header.map((line) => /^\s+name:\s*(\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
      if (name !== undefined) metadata['kernelspec'] = { name, display_name: name, language: 'python' };
      start = end + 1;
    }
  }
  const cells: { kind: string; tags: string[]; lines: string[] }[] = [];
  let current: { kind: string; tags: string[]; lines: string[] } | undefined;
  for (const line of lines.slice(start)) {
    const marker = /^# ?%%(?:\s|$)(.*)$/.exec(line);
    if (marker !== null) {
      const rest = marker[1] ?? '';
      const kind = /\[(markdown|md)\]/.test(rest) ? 'markdown' : /\[raw\]/.test(rest) ? 'raw' : 'code';
      const tags = /tags=\[([^\]]*)\]/.exec(rest)?.[1] ?? '';
      current = {
        kind,
        tags: [...tags.matchAll(/"([^"]*)"|'([^']*)'/g)].map((found) => found[1] ?? found[2] ?? ''),
        lines: [],
      };
      cells.push(current);
    } else {
      if (current === undefined) {
        if (line.trim() === '') continue;
        current = { kind: 'code', tags: [], lines: [] };
        cells.push(current);
      }
      current.lines.push(line);
    }
  }
  return {
    cells: cells.map((cell) => {
      const code = cell.kind === 'code';
      const source = cell.lines
        .map((line) => (code ? line.replace(/^# (?=(%%?|!)[A-Za-z])/, '') : line.replace(/^# ?/, '')))
        .join('\n')
        .replace(/^\n+|\n+$/g, '');
      return {
        cell_type: cell.kind,
        metadata: cell.tags.length > 0 ? { tags: cell.tags } : {},
        source,
        ...(code ? { outputs: [], execution_count: null } : {}),
      };
    }),
    metadata,
    nbformat: 4,
    nbformat_minor: 5,
  };
}
