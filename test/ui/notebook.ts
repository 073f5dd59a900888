/** A notebook with what a view has to show: sections, a metric and a gate, HTML, an error when it is asked for. */
const cells: readonly (readonly [id: string, kind: 'code' | 'markdown', source: string, tags?: readonly string[]])[] = [
  ['title', 'markdown', '# Rain'],
  ['parameters', 'code', 'factor = 2\npause = 0.6', ['parameters']],
  ['m-load', 'markdown', '## Load'],
  ['load', 'code', 'rows = [3, 4, 5]\nprint(len(rows), "rows")'],
  ['slow', 'code', '#| label: wait a while\nimport time\ntime.sleep(pause)\nwaited = sum(rows)'],
  ['m-model', 'markdown', '## Model'],
  ['scale', 'code', 'scaled = [row * factor for row in rows]'],
  ['score', 'code', '#| metric: rmse\n#| gate: rmse < 90\nrmse = float(sum(scaled))'],
  [
    'show',
    'code',
    "from IPython.display import HTML\nHTML(\"<b id='said'>said</b><script>document.title = 'taken over'</script>\")",
  ],
  ['end', 'code', 'print("the end", waited, rmse)'],
];

/** Its text. @param change sources of cells that are other ones, by id */
export function notebookText(change: Readonly<Record<string, string>> = {}): string {
  const made = cells.map(([id, kind, source, tags]) => ({
    cell_type: kind,
    id,
    metadata: tags === undefined ? {} : { tags },
    source: change[id] ?? source,
    ...(kind === 'code' ? { outputs: [], execution_count: null } : {}),
  }));
  const kernelspec = { name: 'python3', language: 'python', display_name: 'Python 3' };
  return JSON.stringify({ cells: made, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}
