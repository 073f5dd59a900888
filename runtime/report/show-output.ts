import { applyReturns } from './carriage-returns.ts';
import { ansiToHtml, escapeHtml } from './ansi.ts';
import { showDataFrame } from './data-frame.ts';
import { proseToHtml } from './prose.ts';
import type { NotebookOutput } from './outputs.ts';

/** One nbformat output as HTML that can neither run a program nor ask the network. */
export function showOutput(output: NotebookOutput): string {
  switch (output['output_type']) {
    case 'stream': {
      const name = output['name'] === 'stderr' ? 'stderr' : 'stdout';
      return `<pre class="${name}">${ansiToHtml(applyReturns(textOf(output['text'])))}</pre>`;
    }
    case 'error': {
      const traceback = Array.isArray(output['traceback']) ? output['traceback'].map(String).join('\n') : '';
      const text = traceback === '' ? `${textOf(output['ename'])}: ${textOf(output['evalue'])}` : traceback;
      return `<pre class="error">${ansiToHtml(text)}</pre>`;
    }
    default:
      return showData(output['data']);
  }
}

const rasters = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

function showData(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const data = value as Readonly<Record<string, unknown>>;
  const plain = textOf(data['text/plain']);
  const alternative = plain === '' ? 'A picture without a description' : plain;
  if ('text/html' in data) {
    const html = textOf(data['text/html']);
    return showDataFrame(html) ?? frame(html, plain);
  }
  if ('image/svg+xml' in data) {
    // As an image: programs and references inside an SVG are dead there.
    const bytes = Buffer.from(textOf(data['image/svg+xml']), 'utf8').toString('base64');
    return `<img src="data:image/svg+xml;base64,${bytes}" alt="${escapeHtml(alternative)}">`;
  }
  for (const type of rasters) {
    if (!(type in data)) continue;
    const base64 = textOf(data[type]).replaceAll(/[^A-Za-z0-9+/=]/g, '');
    return `<img src="data:${type};base64,${base64}" alt="${escapeHtml(alternative)}">`;
  }
  if ('text/markdown' in data) return `<div class="prose">${proseToHtml(textOf(data['text/markdown']))}</div>`;
  if ('text/latex' in data) return `<pre>${escapeHtml(textOf(data['text/latex']))}</pre>`;
  if (plain !== '') return `<pre>${ansiToHtml(plain)}</pre>`;
  if ('application/json' in data) return `<pre>${escapeHtml(JSON.stringify(data['application/json'], null, 2))}</pre>`;
  return `<p class="note">An output of type ${escapeHtml(Object.keys(data).join(', '))}, which this report does not show.</p>`;
}

/** HTML of a cell, in a frame that may do nothing; its height is a guess from the number of rows. */
function frame(html: string, plain: string): string {
  const rows = (html.match(/<tr[\s>]/gi) ?? []).length;
  const lines = html.split(/<br|<p|<div|<li|<h\d/i).length;
  const height = Math.min(560, Math.max(48, rows > 0 ? 44 + rows * 27 : 24 + lines * 22));
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
  const look =
    'body{margin:4px;font:13px system-ui,sans-serif;color:#1c2128;background:#fff}table{border-collapse:collapse;border:0}th,td{padding:4px 8px;text-align:right;border:0}tbody tr:nth-child(odd){background:#f3f5f7}th{font-weight:600}';
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style>${look}</style>${html}`;
  const title = plain === '' ? 'HTML output' : `HTML output: ${plain.slice(0, 80)}`;
  return `<iframe sandbox="" loading="lazy" style="height:${height}px" title="${escapeHtml(title)}" srcdoc="${escapeHtml(page)}"></iframe>`;
}

/** nbformat keeps text as one string or as lines. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String).join('');
  if (value === undefined || value === null) return '';
  return JSON.stringify(value);
}
