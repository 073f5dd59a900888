import { compareWithNow, dataOf, requestsOf, type DataUse, type RequestUse } from '../../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { shownPath } from '../files.ts';
import { findRun, type FoundRun } from '../find-run.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { formatBytes, shortDigest } from '../recorded-text.ts';
import { count, renderTable } from '../render.ts';

type Compared = DataUse & { readonly now: ReturnType<typeof compareWithNow>[number] };

/** `cellwright data NB`: what the last run read and wrote, by reference, and whether it is as it was. */
export async function dataCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  await Promise.resolve();
  const [notebook] = parsed.positionals;
  if (notebook === undefined && lastValue(parsed, 'run') === undefined) {
    return usage('The data of which notebook?', 'Name a notebook, or a run with --run.');
  }
  const found = findRun(host, parsed, { word: lastValue(parsed, 'run') ?? 'last', notebook });
  if (!found.ok) return found.result;
  const { run, state, id } = found.value;
  const every = dataOf(run);
  const files = hasFlag(parsed, 'all') ? every : every.filter(({ ofEnvironment }) => !ofEnvironment);
  const now = compareWithNow(state, files);
  const compared = files.map((file, place): Compared => ({ ...file, now: now[place] ?? 'unknown' }));
  const requests = requestsOf(run);
  const left = every.length - files.length;
  return {
    status: 'ok',
    diagnostics: [],
    text: `${fileTable(host, compared)}${requestTable(requests)}${closing(found.value, left)}`,
    document: {
      run: id,
      notebook: run.started?.origin.notebook ?? null,
      files: compared.map(({ size, ...file }) => ({ ...file, size: size ?? null })),
      requests: requests.map(describeRequest),
      leftOut: left,
      known: isKnown(found.value),
    },
  };
}

/** False where all cells ran in one process that did not come to its end: then nobody told what they read. */
function isKnown({ run }: FoundRun): boolean {
  return run.lane === undefined || run.together !== undefined;
}

function describeRequest({ url, method, status, etag, lastModified, version, size, task }: RequestUse): object {
  const told = { status, etag, lastModified, version, size };
  return {
    url,
    method,
    task,
    ...Object.fromEntries(Object.entries(told).map(([name, value]) => [name, value ?? null])),
  };
}

function fileTable(host: Host, files: readonly Compared[]): string {
  if (files.length === 0) return '';
  const rows = files.map(({ role, path, size, digest, readers, writers, now }) => {
    const readBy = readers.length === 0 ? '' : `read by ${readers.join(', ')}`;
    const writtenBy = writers.length === 0 ? '' : `written by ${writers.join(', ')}`;
    const who = [writtenBy, readBy].filter((text) => text !== '').join('; ');
    const word = now === 'same' ? '' : now === 'unknown' ? '' : now === 'gone' ? 'GONE' : 'CHANGED';
    return [role, shownPath(host, path), size === undefined ? '' : formatBytes(size), shortDigest(digest), word, who];
  });
  return renderTable([['role', 'file', 'size', 'content', 'since', ''], ...rows]);
}

function requestTable(requests: readonly RequestUse[]): string {
  if (requests.length === 0) return '';
  const rows = requests.map(({ url, method, status, etag, lastModified, version, size, task }) => {
    const marks = [version, etag === undefined ? undefined : `ETag ${etag}`, lastModified].filter(
      (one) => one !== undefined,
    );
    const told = marks.length > 0 ? marks.join(', ') : 'no version was told';
    const answer = status === undefined ? '' : String(status);
    return [method || 'host', url, answer, size === undefined ? '' : formatBytes(size), told, task];
  });
  return `\n${renderTable([['web', 'address', 'answer', 'size', 'version', ''], ...rows])}`;
}

function closing(found: FoundRun, left: number): string {
  const lines = [`in run ${found.id}`];
  if (left > 0) lines.push(`${count(left, 'file')} of the environment left out (--all)`);
  if (!isKnown(found)) lines.push('all cells ran in one process that did not end: what they read is not known');
  return `${lines.join('; ')}\n`;
}
