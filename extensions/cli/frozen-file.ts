import path from 'node:path';
import {
  compareFrozen,
  freezeNow,
  readFrozen,
  type Frozen,
  type NotebookPlace,
  type Thawed,
} from '../../runtime/index.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { lastValue, type ParsedArguments } from './args.ts';
import { decodeText, isThere, readNamedFile, shownPath } from './files.ts';
import { usage, type CommandResult, type Host, type Outcome } from './host.ts';
import { importedModules } from './imported-modules.ts';
import type { Input } from './input.ts';
import { recordParameters } from './recorded-parameters.ts';
import { showValue } from './recorded-text.ts';
import type { Place } from './state-folder.ts';

/** The file of a notebook's frozen state: the one that was named, or `<notebook>.frozen.json` beside it. */
export function frozenFile(
  host: Host,
  named: string | undefined,
  { folder, stem }: Pick<Input, 'folder' | 'stem'>,
): string {
  return named === undefined ? path.join(folder, `${stem}.frozen.json`) : path.resolve(host.cwd, named);
}

/** Which cell has the parameters that were given. @param document nbformat JSON text */
export function placeOf(folder: string, document: string): NotebookPlace {
  const { cells } = JSON.parse(document) as { cells: readonly { metadata: { tags?: readonly string[] } }[] };
  return { folder, isInjected: (index) => cells[index]?.metadata.tags?.includes('injected-parameters') ?? false };
}

/** For `run --frozen`: why nothing may run; undefined when everything is as it was frozen. */
export async function refuseThawed(
  host: Host,
  parsed: ParsedArguments,
  { input, place, cwd }: { readonly input: Input; readonly place: Place; readonly cwd: string },
): Promise<CommandResult | undefined> {
  const file = frozenFile(host, lastValue(parsed, 'frozen-file'), input);
  const shown = shownPath(host, file);
  const frozen = openFrozen(host, file, { shown, notebook: input.path });
  if (!frozen.ok) return frozen.result;
  const parameters = recordParameters(input.values);
  const where = placeOf(input.folder, input.document);
  const modules =
    frozen.value.environment === null
      ? ({ ok: true, value: undefined } as const)
      : await importedModules(host, parsed, { input, lock: place.lock });
  if (!modules.ok) return modules.result;
  const how = { ...place, cwd, modules: modules.value };
  const now = freezeNow({ bundle: input.bundle, frozen: frozen.value, parameters }, where, how);
  const thawed = compareFrozen(frozen.value, now, shown);
  if (thawed.length === 0) return undefined;
  return {
    status: 'refused',
    diagnostics: thawed.map((difference) => describe(difference, frozen.value, input)),
    sources: input.sources,
    text: '',
    document: { notebook: input.path },
  };
}

function openFrozen(
  host: Host,
  file: string,
  { shown, notebook }: { readonly shown: string; readonly notebook: string },
): Outcome<Frozen> {
  if (!isThere(file)) {
    const help = `Run the notebook, and freeze the run with cellwright freeze ${notebook}.`;
    return { ok: false, result: usage(`There is no frozen state ${shown}.`, help, 'CW607') };
  }
  const bytes = readNamedFile(host, file, shown);
  if (!bytes.ok) return bytes;
  const read = readFrozen(decodeText(bytes.value) ?? '', shown);
  if (read.ok) return read;
  return { ok: false, result: { status: 'usage', diagnostics: read.error, text: '', document: { notebook } } };
}

function describe({ kind, name, what }: Thawed, frozen: Frozen, input: Input): Diagnostic {
  const task = kind === 'code' ? input.bundle.tasks.find((one) => one.name === name) : undefined;
  return {
    code: 'CW606',
    severity: 'error',
    message: kind === 'file' || kind === 'package' ? `${what}.` : `${what.slice(0, 1).toUpperCase()}${what.slice(1)}.`,
    help: nextStep({ kind, name, what }, frozen, input),
    ...(task === undefined ? {} : { location: { cell: task.id, index: task.index } }),
    related: [],
  };
}

function nextStep({ kind, name }: Thawed, frozen: Frozen, { path: notebook }: Input): string {
  const accept = `accept it: cellwright run ${notebook}, then cellwright freeze ${notebook}`;
  if (kind === 'parameter') {
    const given = frozen.parameters.find((parameter) => parameter.name === name);
    return given === undefined
      ? `Leave it out, or ${accept}.`
      : `Give it with -p ${name} ${wordOf(given.value)}, or ${accept}.`;
  }
  const before = frozen.environment?.packages.find((one) => one.name === name);
  if (kind === 'package' && name.includes(':')) {
    const wanted = before === undefined ? 'without it' : `with ${name} ${before.version}`;
    return `Run it with --env and a lock ${wanted}, or ${accept}.`;
  }
  if (kind === 'package' && before !== undefined)
    return `Put it back with pip install '${name}==${before.version}', or ${accept}.`;
  if (kind === 'package') return `Take it away with pip uninstall ${name}, or ${accept}.`;
  const file = frozen.files.find((one) => one.path === name);
  if (file !== undefined) return `Put back the file with ${file.sha256}, or ${accept}.`;
  return `Put it back as it was, or ${accept}.`;
}

/** As it is given on a command line. */
function wordOf(value: Frozen['parameters'][number]['value']): string {
  const text = typeof value === 'string' ? value : showValue(value);
  return /^[\w./:+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
