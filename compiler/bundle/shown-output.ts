/** What the report and the views of editors have in common when they show an output of nbformat: no program of it runs, and it asks the network for nothing. */

/** nbformat keeps text as one string or as lines. */
export function textOfOutput(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(String).join('');
  if (value === undefined || value === null) return '';
  return JSON.stringify(value);
}

/** A carriage return starts the line anew, as in a terminal: progress bars show their last state. */
export function applyReturns(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => (line.includes('\r') ? (line.split('\r').findLast((part) => part !== '') ?? '') : line))
    .join('\n');
}

const rasters = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** The address of a picture of pixels, with the picture in it; undefined when the data has none. */
export function rasterAddress(data: Readonly<Record<string, unknown>>): string | undefined {
  const type = rasters.find((name) => name in data);
  if (type === undefined) return undefined;
  return `data:${type};base64,${textOfOutput(data[type]).replaceAll(/[^A-Za-z0-9+/=]/g, '')}`;
}

/** What stands for a picture. @param plain the output as plain text */
export function alternativeTo(plain: string): string {
  return plain === '' ? 'A picture without a description' : plain;
}

/** HTML of a cell as a page for a frame with an empty `sandbox`. */
export interface IsolatedPage {
  readonly page: string;
  /** In pixels, a guess from the number of rows. */
  readonly height: number;
  readonly title: string;
}

/** @param plain the output as plain text; @param highest pixels that the frame may take at the most */
export function isolatedPage(html: string, plain: string, highest: number): IsolatedPage {
  const rows = (html.match(/<tr[\s>]/gi) ?? []).length;
  const lines = html.split(/<br|<p|<div|<li|<h\d/i).length;
  const height = Math.min(highest, Math.max(48, rows > 0 ? 44 + rows * 27 : 24 + lines * 22));
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:";
  const look =
    'body{margin:4px;font:13px system-ui,sans-serif;color:#1c2128;background:#fff}table{border-collapse:collapse;border:0}th,td{padding:4px 8px;text-align:right;border:0}tbody tr:nth-child(odd){background:#f3f5f7}th{font-weight:600}';
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><style>${look}</style>${html}`;
  return { page, height, title: plain === '' ? 'HTML output' : `HTML output: ${plain.slice(0, 80)}` };
}
