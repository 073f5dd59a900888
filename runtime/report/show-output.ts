import {
  alternativeTo,
  applyReturns,
  isolatedPage,
  rasterAddress,
  textOfOutput,
} from '../../compiler/bundle/shown-output.ts';
import { ansiToHtml, escapeHtml } from './ansi.ts';
import { showDataFrame } from './data-frame.ts';
import { proseToHtml } from './prose.ts';
import type { NotebookOutput } from './outputs.ts';

/** One nbformat output as HTML that can neither run a program nor ask the network. */
export function showOutput(output: NotebookOutput): string {
  switch (output['output_type']) {
    case 'stream': {
      const name = output['name'] === 'stderr' ? 'stderr' : 'stdout';
      return `<pre class="${name}">${ansiToHtml(applyReturns(textOfOutput(output['text'])))}</pre>`;
    }
    case 'error': {
      const traceback = Array.isArray(output['traceback']) ? output['traceback'].map(String).join('\n') : '';
      const text = traceback === '' ? `${textOfOutput(output['ename'])}: ${textOfOutput(output['evalue'])}` : traceback;
      return `<pre class="error">${ansiToHtml(text)}</pre>`;
    }
    default:
      return showData(output['data']);
  }
}

const highestFrame = 560;

function showData(value: unknown): string {
  if (typeof value !== 'object' || value === null) return '';
  const data = value as Readonly<Record<string, unknown>>;
  const plain = textOfOutput(data['text/plain']);
  const alternative = alternativeTo(plain);
  if ('text/html' in data) {
    const html = textOfOutput(data['text/html']);
    return showDataFrame(html) ?? frame(html, plain);
  }
  if ('image/svg+xml' in data) {
    // As an image: programs and references inside an SVG are dead there.
    const bytes = Buffer.from(textOfOutput(data['image/svg+xml']), 'utf8').toString('base64');
    return `<img src="data:image/svg+xml;base64,${bytes}" alt="${escapeHtml(alternative)}">`;
  }
  const raster = rasterAddress(data);
  if (raster !== undefined) return `<img src="${raster}" alt="${escapeHtml(alternative)}">`;
  if ('text/markdown' in data) return `<div class="prose">${proseToHtml(textOfOutput(data['text/markdown']))}</div>`;
  if ('text/latex' in data) return `<pre>${escapeHtml(textOfOutput(data['text/latex']))}</pre>`;
  if (plain !== '') return `<pre>${ansiToHtml(plain)}</pre>`;
  if ('application/json' in data) return `<pre>${escapeHtml(JSON.stringify(data['application/json'], null, 2))}</pre>`;
  return `<p class="note">An output of type ${escapeHtml(Object.keys(data).join(', '))}, which this report does not show.</p>`;
}

/** HTML of a cell, in a frame that may do nothing. */
function frame(html: string, plain: string): string {
  const { page, height, title } = isolatedPage(html, plain, highestFrame);
  return `<iframe sandbox="" loading="lazy" style="height:${height}px" title="${escapeHtml(title)}" srcdoc="${escapeHtml(page)}"></iframe>`;
}
