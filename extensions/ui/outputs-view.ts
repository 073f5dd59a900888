import {
  alternativeTo,
  applyReturns,
  isolatedPage,
  rasterAddress,
  textOfOutput,
} from '../../compiler/bundle/shown-output.ts';
import type { CellOutput } from '../service/protocol.ts';
import { element } from './element.ts';

const highestFrame = 420;
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
      return textBlock(textOfOutput(output['text']), output['name'] === 'stderr' ? 'Standard error' : 'Output');
    case 'error': {
      const lines = output['traceback'];
      const traceback = Array.isArray(lines) ? lines.map(String).join('\n') : '';
      return textBlock(
        traceback === '' ? `${textOfOutput(output['ename'])}: ${textOfOutput(output['evalue'])}` : traceback,
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
  const plain = textOfOutput(data['text/plain']);
  const raster = rasterAddress(data);
  if (raster !== undefined) return image(raster, plain);
  if ('image/svg+xml' in data) {
    // As an image: programs and references inside an SVG are dead there.
    return image(`data:image/svg+xml;charset=utf-8,${encodeURIComponent(textOfOutput(data['image/svg+xml']))}`, plain);
  }
  if ('text/html' in data) return frame(textOfOutput(data['text/html']), plain);
  if ('text/markdown' in data) return textBlock(textOfOutput(data['text/markdown']), 'Output');
  if ('text/latex' in data) return textBlock(textOfOutput(data['text/latex']), 'Output');
  if (plain !== '') return textBlock(plain, 'Output');
  if ('application/json' in data) return textBlock(JSON.stringify(data['application/json'], null, 2), 'Output');
  const types = Object.keys(data).join(', ');
  return element('p', { class: 'cw-soft', text: `An output of type ${types}, which is not shown here.` });
}

function image(source: string, plain: string): HTMLElement {
  return element('div', { class: 'cw-output' }, [
    element('img', { attributes: { src: source, alt: alternativeTo(plain) } }),
  ]);
}

/** HTML of a cell, in a frame that may do nothing. */
function frame(html: string, plain: string): HTMLElement {
  const { page, height, title } = isolatedPage(html, plain, highestFrame);
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
