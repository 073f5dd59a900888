/** Compares two executed notebooks cell by cell, with what differs between two honest runs masked. */

/** @returns the code cells that are not empty, in order, with normalised outputs */
export function cellsOf(notebook) {
  return notebook.cells
    .filter((cell) => cell.cell_type === 'code' && sourceOf(cell).trim() !== '')
    .map((cell, index) => ({ index, source: sourceOf(cell), outputs: normalise(cell.outputs ?? []), failed: hasError(cell) }));
}

function sourceOf(cell) {
  return Array.isArray(cell.source) ? cell.source.join('') : cell.source;
}

function hasError(cell) {
  return (cell.outputs ?? []).some((output) => output.output_type === 'error');
}

/** Streams joined by name, counts and metadata dropped, addresses and the like masked. */
export function normalise(outputs) {
  const shown = [];
  const streams = new Map();
  for (const output of outputs) {
    if (output.output_type === 'stream') {
      if (!streams.has(output.name)) {
        const entry = { kind: 'stream', name: output.name, text: '' };
        streams.set(output.name, entry);
        shown.push(entry);
      }
      streams.get(output.name).text += textOf(output.text);
    } else if (output.output_type === 'error') {
      shown.push({
        kind: 'error',
        ename: output.ename,
        evalue: mask(textOf(output.evalue)),
        traceback: mask(plain(output.traceback.join('\n'))),
      });
    } else {
      const data = {};
      for (const type of Object.keys(output.data ?? {}).sort()) {
        const value = output.data[type];
        data[type] = typeof value === 'string' || Array.isArray(value) ? mask(textOf(value)) : JSON.parse(mask(JSON.stringify(value)));
      }
      shown.push({ kind: output.output_type === 'execute_result' ? 'result' : 'display', data });
    }
  }
  for (const entry of streams.values()) entry.text = mask(plain(lastOfLines(entry.text)));
  // The two streams reach a notebook in an order that differs from run to run.
  const order = (entry) => (entry.kind === 'stream' ? (entry.name === 'stdout' ? 0 : 1) : 2);
  return shown.filter((entry) => entry.kind !== 'stream' || entry.text !== '').sort((left, right) => order(left) - order(right));
}

function textOf(value) {
  return Array.isArray(value) ? value.join('') : String(value);
}

function lastOfLines(text) {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => (line.includes('\r') ? line.split('\r').filter((part) => part !== '').at(-1) ?? '' : line))
    .join('\n');
}

function plain(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001B\[[0-9;]*[A-Za-z]/g, '');
}

const masks = [
  [/0x[0-9a-fA-F]{6,}/g, '0x…'],
  [/(?:\/[^\s:'"<>()]*)?\/(?:ipykernel|cellwright)_?[^\s:'"<>()]*\/\d+\.py/g, 'CELL.py'],
  [/<ipython-input-\d+-[0-9a-f]+>/g, 'CELL.py'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UUID'],
  [/\/tmp\/[A-Za-z0-9_./-]+/g, '/tmp/…'],
  [/\b(?:T_|row_|level|sk-container-id-|sk-estimator-id-|altair-viz-)[0-9a-f]{1,32}\b/g, 'ID'],
  [/#T_[0-9a-f]+|"T_[0-9a-f]+/g, 'ID'],
  [/sk-(?:container|estimator)-id-\d+/g, 'ID'],
  [/<dc:date>[^<]*<\/dc:date>/g, '<dc:date/>'],
  [/\b(?:id|xlink:href|clip-path)="[^"]*"/g, 'id'],
  [/(?:CPU times|Wall time|Compiler|Parser)\s*:.*/g, 'TIME'],
  [/[\d.]+ ?(?:ns|µs|μs|us|ms|s|min) ± .*/g, 'TIME'],
  [/The slowest run took .*/g, 'TIME'],
  [/\b\d+(?:\.\d+)?(?:it\/s|s\/it)/g, 'RATE'],
  [/\b\d+:\d\d<\d+:\d\d/g, 'TIME'],
  [/pid[ =]\d+/g, 'PID'],
];

/** Masks what no two runs have in common. */
export function mask(text) {
  let masked = text;
  for (const [pattern, word] of masks) masked = masked.replace(pattern, word);
  return masked;
}

/** Where two cells' outputs first differ, in a few words, or undefined when they are equal. */
export function difference(left, right) {
  if (JSON.stringify(left) === JSON.stringify(right)) return undefined;
  const describe = (outputs) => outputs.map((entry) => entry.kind + (entry.name ? `:${entry.name}` : '') + (entry.data ? `(${Object.keys(entry.data).join(',')})` : '')).join(' ');
  if (describe(left) !== describe(right)) return `outputs ${describe(left) || 'none'} | ${describe(right) || 'none'}${firstText(left, right)}`;
  for (let place = 0; place < left.length; place++) {
    const a = left[place];
    const b = right[place];
    if (JSON.stringify(a) === JSON.stringify(b)) continue;
    if (a.data) {
      for (const type of Object.keys(a.data)) {
        const one = typeof a.data[type] === 'string' ? a.data[type] : JSON.stringify(a.data[type]);
        const two = typeof b.data[type] === 'string' ? b.data[type] : JSON.stringify(b.data[type]);
        if (one !== two) return `${type}: ${excerpt(one, two)}`;
      }
    }
    for (const key of ['text', 'ename', 'evalue', 'traceback']) {
      if (a[key] !== b[key]) return `${key}: ${excerpt(a[key], b[key])}`;
    }
  }
  return 'outputs differ';
}

function firstText(left, right) {
  const error = [...left, ...right].find((entry) => entry.kind === 'error');
  if (error) return ` ${error.ename}: ${error.evalue.slice(0, 160)}`;
  const stream = [...left, ...right].find((entry) => entry.kind === 'stream');
  return stream ? ` ${JSON.stringify(stream.text.slice(0, 160))}` : '';
}

function excerpt(one = '', two = '') {
  let at = 0;
  while (at < one.length && at < two.length && one[at] === two[at]) at++;
  const from = Math.max(0, at - 30);
  return `${JSON.stringify(one.slice(from, at + 70))} | ${JSON.stringify(two.slice(from, at + 70))}`;
}

/**
 * Compares a compiled run with two plain runs.
 * @returns equal, unstable (cells that differ between the plain runs) and different cells
 */
export function compareRuns(first, second, compiled) {
  const [one, two, ours] = [cellsOf(first), cellsOf(second), cellsOf(compiled)];
  const found = { cells: one.length, equal: 0, unstable: [], different: [], extra: [] };
  const failedAt = one.findIndex((cell) => cell.failed);
  one.forEach((cell, index) => {
    const mine = ours[index];
    if (mine === undefined) {
      found.different.push({ cell: index, source: firstLine(cell.source), what: 'the compiled notebook has no such cell' });
      return;
    }
    const what = difference(cell.outputs, mine.outputs);
    if (what === undefined) {
      found.equal++;
      return;
    }
    if (difference(cell.outputs, two[index]?.outputs ?? []) !== undefined) {
      found.unstable.push({ cell: index, source: firstLine(cell.source), what });
    } else found.different.push({ cell: index, source: firstLine(cell.source), what });
  });
  found.failedAt = failedAt;
  return found;
}

function firstLine(source) {
  const line = source.split('\n').find((text) => text.trim() !== '' && !text.trim().startsWith('#')) ?? source.split('\n')[0] ?? '';
  return line.trim().slice(0, 80);
}
