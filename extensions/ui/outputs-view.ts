import type { CellOutput } from '../service/protocol.ts';
import { element } from './element.ts';

const rasters = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
/** So many characters of one text are shown; more would make the page slow. */
const mostText = 20_000;

/** Outputs of a cell as they may be shown: no program of theirs runs, and nothing is asked of the network. */
export function showOutputs(outputs: readonly CellOutput[]): HTMLElement {
  const shown = outputs.map(showOutput).filter((node) => node !== undefined);
  return element('div', { class: 'cw-outputs' }, shown);
}

function showOutput(output: CellOutput): HTMLElement | undefined {
  switch (output['output_type']) {
    case 'stream':
      return textBlock(textOf(output['text']), output['name'] === 'stderr' ? 'Standard error' : 'Output');
    case 'error': {
      const lines = output['traceback'];
      const traceback = Array.isArray(lines) ? lines.map(String).join('\n') : '';
      return textBlock(
        traceback === '' ? `${textOf(output['ename'])}: ${textOf(output['evalue'])}` : traceback,
        'Error',
      );
    }
    default:
      return showData(output['data']);
  }
}

function showData(value: unknown): HTMLElement | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const data = value as Readonly<Record<string, unknown>>;
  const plain = textOf(data['text/plain']);
  for (const type of rasters) {
    if (!(type in data)) continue;
    return image(`data:${type};base64,${textOf(data[type]).replaceAll(/[^A-Za-z0-9+/=]/g, '')}`, plain);
  }
  if ('image/svg+xml' in data) {
    // As an image: programs and references inside an SVG are dead there.
    return image(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOf(data['image/svg+xml']))}`, plain);
  }
  if ('text/html' in data) return frame(textOf(data['text/html']), plain);
  if ('text/markdown' in data) return textBlock(textOf(data['text/markdown']), 'Output');
  if ('text/latex' in data) return textBlock(textOf(data['text/latex']), 'Output');
  if (plain !== '') return textBlock(plain, 'Output');
  if ('application/json' in data) return textBlock(JSON.stringify(data['application/json'], null, 2), 'Output');
  const types = Object.keys(data).join(', ');
  return element('p', { class: 'cw-soft', text: `An output of type ${types}, which is not shown here.` });
}

function image(source: string, plain: string): HTMLElement {
  const alt = plain === '' ? 'A picture without a description' : plain;
  return element('div', { class: 'cw-output' }, [element('img', { attributes: { src: source, alt } })]);
}

/** HTML of a cell, in a frame that may do nothing; its height is a guess from the number of rows. */
function frame(html: string, plain: string): HTMLElement {
  const rows = (html.match(/<tr[\s>]/gi) ?? []).length;
  const lines = html.split(/<br|<p|<div|<li|<h\d/i).length;
  const height = Math.min(420, Math.max(48, rows > 0 ? 44 + rows * 27 : 24 + lines * 22));
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
  const look =
    'body{margin:4px;font:13px system-ui,sans-serif;color:#1c2128;background:#fff}table{border-collapse:collapse;border:0}th,td{padding:4px 8px;text-align:right;border:0}tbody tr:nth-child(odd){background:#f3f5f7}th{font-weight:600}';
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style>${look}</style>${html}`;
  const title = plain === '' ? 'HTML output' : `HTML output: ${plain.slice(0, 80)}`;
  const made = element('iframe', { attributes: { sandbox: '', loading: 'lazy', title, srcdoc: page } });
  made.style.height = `${height}px`;
  return element('div', { class: 'cw-output' }, [made]);
}

function textBlock(text: string, label: string): HTMLElement {
  const plain = applyReturns(withoutColours(text));
  const more = plain.length > mostText ? `\n… ${plain.length - mostText} more characters` : '';
  return element('pre', {
    text: `${plain.slice(0, mostText)}${more}`,
    attributes: { tabindex: 0, role: 'group', 'aria-label': label },
  });
}

/** Without the codes that colour text on a terminal. */
function withoutColours(text: string): string {
  return text.replaceAll(/\u001B\[[0-9;:?]*[A-Za-z]/g, '');
}

/** A line that was written over shows what was written last, as on a terminal. */
function applyReturns(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    .join('\n');
}

/** nbformat keeps text as one string or as lines. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String).join('');
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
