interface Cell {
  readonly isHeader: boolean;
  readonly spans: string;
  /** HTML without a tag in it. */
  text: string;
}

interface Row {
  readonly isHead: boolean;
  readonly cells: Cell[];
}

const token = /<(\/?)([a-z]+[0-6]?)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>|([^<]+)/giy;
const notes = new Set(['p', 'small']);
const around = new Set(['div', 'table', 'thead', 'tbody', 'tr', 'th', 'td', ...notes]);
/** Attributes that say nothing that a page has to keep, and what they may say. */
const harmless: Readonly<Record<string, RegExp>> = {
  border: /^\d+$/,
  class: /^dataframe$/,
  style: /^text-align: \w+;?$/,
  valign: /^\w+$/,
  halign: /^\w+$/,
  colspan: /^\d{1,4}$/,
  rowspan: /^\d{1,4}$/,
};

/**
 * The plain table of a data frame, as pandas and polars write it, as a table of the page itself: with its colours, and for who uses no
 * eyes a table with headers. Undefined for HTML that is anything else or more; nothing of it is passed on but its texts.
 */
export function showDataFrame(html: string): string | undefined {
  const styleless = html.replace(/<style(?: scoped)?>[^<]*<\/style>/, '');
  const found = read(styleless);
  if (found === undefined) return undefined;
  const { rows, said } = found;
  const titles = rows.filter(({ isHead }) => isHead).flatMap(({ cells }) => cells);
  if (!titles.some(({ isHeader, text }) => isHeader && text !== '')) return undefined;
  const shown = (isHead: boolean): string =>
    rows
      .filter((row) => row.isHead === isHead)
      .map(({ cells }) => `<tr>${cells.map((cell) => showCell(cell, isHead)).join('')}</tr>`)
      .join('');
  const note = said.length === 0 ? '' : `<p class="note">${said.join(', ')}</p>`;
  return `<div class="wide capped" tabindex="0" role="group" aria-label="Table, scrollable"><table class="frame"><thead>${shown(true)}</thead><tbody>${shown(false)}</tbody></table></div>${note}`;
}

function showCell({ isHeader, spans, text }: Cell, isHead: boolean): string {
  if (!isHeader || text === '') return `<td${spans}>${text}</td>`;
  return `<th scope="${isHead ? 'col' : 'row'}"${spans}>${text}</th>`;
}

/** Follows the tags; anything that is not expected where it is ends it. */
function read(html: string): { readonly rows: readonly Row[]; readonly said: readonly string[] } | undefined {
  const open: string[] = [];
  const rows: Row[] = [];
  const said: string[] = [];
  let tables = 0;
  token.lastIndex = 0;
  while (token.lastIndex < html.length) {
    const match = token.exec(html);
    if (match === null) return undefined;
    const [, slash = '', word = '', attributes = '', text] = match;
    const name = word.toLowerCase();
    if (text !== undefined) {
      const place = open.at(-1) ?? '';
      const cell = rows.at(-1)?.cells.at(-1);
      if ((place === 'th' || place === 'td') && cell !== undefined) cell.text += text.trim();
      else if (notes.has(place)) said.push(text.trim());
      else if (text.trim() !== '') return undefined;
    } else if (slash === '/') {
      if (open.pop() !== name) return undefined;
    } else {
      if (!around.has(name) || !isExpected(name, open)) return undefined;
      const spans = spansOf(attributes);
      if (spans === undefined) return undefined;
      if (name === 'table' && ++tables > 1) return undefined;
      if (name === 'tr') rows.push({ isHead: open.includes('thead'), cells: [] });
      if (name === 'th' || name === 'td') rows.at(-1)?.cells.push({ isHeader: name === 'th', spans, text: '' });
      open.push(name);
    }
  }
  return open.length > 0 || tables === 0 ? undefined : { rows, said };
}

function isExpected(name: string, open: readonly string[]): boolean {
  const within = open.at(-1);
  if (name === 'th' || name === 'td') return within === 'tr';
  if (name === 'tr') return within === 'thead' || within === 'tbody';
  if (name === 'thead' || name === 'tbody') return within === 'table';
  return within === undefined || within === 'div';
}

/** The attributes that a cell keeps; undefined where one is not known. */
function spansOf(attributes: string): string | undefined {
  let spans = '';
  for (const [, name = '', value = ''] of attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/gi)) {
    const known = Object.hasOwn(harmless, name) ? harmless[name] : undefined;
    if (known?.test(value) !== true) return undefined;
    if (name.endsWith('span')) spans += ` ${name}="${value}"`;
  }
  return spans;
}
