import { formatBytes, shortDigest } from '../history/amounts.ts';
import { dataOf, requestsOf, type DataUse, type RequestUse } from '../history/data.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { escapeHtml } from './ansi.ts';
import type { CellLinks } from './cell-links.ts';
import type { Section } from './html-page.ts';
import { pathFrom } from './shown-path.ts';
import { plainTable } from './table.ts';

/** More are counted only: a folder of pictures is no reading matter. */
const mostRows = 300;

/** Every file and address that the cells of a run used, by reference; undefined when there are none. */
export function dataSection(run: RecordedRun, links: CellLinks): Section | undefined {
  const every = dataOf(run);
  const files = every.filter(({ ofEnvironment }) => !ofEnvironment);
  const requests = requestsOf(run);
  if (files.length + requests.length === 0) return undefined;
  const installed = every.length - files.length;
  const rest =
    installed === 0
      ? ''
      : `<p class="note">${installed} ${installed === 1 ? 'file' : 'files'} of the interpreter and of its packages are left out.</p>`;
  const isKnown = run.lane === undefined || run.together !== undefined;
  const unknown = isKnown
    ? ''
    : '<p class="note">All cells ran in one process that did not come to its end: what they read is not known.</p>';
  const body = `${fileTable(files, run.started?.cwd ?? '', links)}${requestTable(requests, links)}${rest}${unknown}`;
  return { id: 'data', title: 'Data', body };
}

function more(number: number): string {
  return number > mostRows ? `<p class="note">${number - mostRows} more are in the record of the run.</p>` : '';
}

function fileTable(files: readonly DataUse[], folder: string, links: CellLinks): string {
  if (files.length === 0) return '';
  // What was given comes before what was made.
  const ordered = [...files.filter(({ role }) => role === 'input'), ...files.filter(({ role }) => role === 'output')];
  const rows = ordered.slice(0, mostRows).map(({ path, role, size, digest, readers, writers }) => {
    const who = [
      ...(writers.length === 0 ? [] : [`written by ${writers.map(links.named).join(', ')}`]),
      ...(readers.length === 0 ? [] : [`read by ${readers.map(links.named).join(', ')}`]),
    ];
    const amount = size === undefined ? '' : formatBytes(size);
    return `<tr><td>${role}</td><th scope="row"><code title="${escapeHtml(path)}">${escapeHtml(pathFrom(folder, path))}</code></th><td class="number">${amount}</td><td><code title="${escapeHtml(digest)}">${escapeHtml(shortDigest(digest))}</code></td><td>${who.join('; ')}</td></tr>`;
  });
  const head = ['role', 'file', 'size', 'content', 'cells'];
  return plainTable('Files', { head, rows, numbers: [2], isNarrow: false }) + more(files.length);
}

function requestTable(requests: readonly RequestUse[], links: CellLinks): string {
  if (requests.length === 0) return '';
  const rows = requests.slice(0, mostRows).map((request) => {
    const { url, method, status, size, task } = request;
    const amount = size === undefined ? '' : formatBytes(size);
    return `<tr><td>${escapeHtml(method || 'host')}</td><th scope="row"><code>${escapeHtml(url)}</code></th><td>${status ?? ''}</td><td class="number">${amount}</td><td>${escapeHtml(versionOf(request))}</td><td>${task === '' ? '' : links.named(task)}</td></tr>`;
  });
  const head = ['request', 'address', 'answer', 'size', 'version', 'cell'];
  return plainTable('Addresses', { head, rows, numbers: [3], isNarrow: false }) + more(requests.length);
}

function versionOf({ version, etag, lastModified }: RequestUse): string {
  const marks = [version, etag === undefined ? undefined : `ETag ${etag}`, lastModified].filter(
    (one) => one !== undefined,
  );
  return marks.length > 0 ? marks.join(', ') : 'no version was told';
}
