import path from 'node:path';
import {
  checkRun,
  type Cause,
  type Certificate,
  type Checked,
  type RunRecord,
  type Witness,
} from '../../runtime/index.ts';
import { runAfresh } from './afresh.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { lookAtEnvironment, openCertificate, witness } from './certificate-file.ts';
import { isFolder, isThere, shownPath } from './files.ts';
import { usage, type CommandResult, type Host, type Outcome } from './host.ts';
import { openNotebook, type Input } from './input.ts';
import { interruptedBefore } from './interrupted.ts';
import { prepareEnvironment } from './locked-environment.ts';
import { parameterFlags } from './options.ts';
import { formatSeconds } from './progress.ts';
import { readRecorded } from './recorded-parameters.ts';
import { count, renderTable } from './render.ts';
import { refuseForeign } from './foreign-bundle.ts';
import { findFolder } from './run-targets.ts';
import { findPlace } from './state-folder.ts';

/** A certificate, and the run that was compared with it. */
interface Told {
  readonly input: Input;
  readonly file: string;
  readonly certificate: Certificate;
  readonly checked: Checked;
  readonly cause: Cause | undefined;
  readonly seconds: number;
}

/** `cellwright verify --check FILE [NB]`: runs the notebook afresh and says which cell first gives something else than the certificate says. */
export async function checkCertificate(host: Host, parsed: ParsedArguments, named: string): Promise<CommandResult> {
  const given = parameterFlags.find(({ name }) => hasFlag(parsed, name));
  if (given !== undefined) {
    return usage(
      `--check takes no --${given.name}.`,
      'The notebook is run with the parameters that the certificate names.',
    );
  }
  const read = openCertificate(host, named);
  if (!read.ok) return read.result;
  const certificate = read.value;
  const notebook = findNotebook(host, parsed, { certificate, named });
  if (!notebook.ok) return notebook.result;
  const opened = await openNotebook(host, notebook.value, { values: readRecorded(certificate.facts.parameters) });
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const foreign = refuseForeign(host, parsed, input);
  if (foreign !== undefined) return foreign;
  const cwd = findOwnFolder(host, parsed, { input, folder: certificate.facts.notebook.folder });
  if (!cwd.ok) return cwd.result;
  const found = findPlace(host, parsed, input);
  if (!found.ok) return found.result;
  const silent = hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
  const prepared = await prepareEnvironment(host, parsed, { input, place: found.value, builds: true, silent });
  if (!prepared.ok) return prepared.result;
  const { place } = prepared.value;
  const signal = host.interruption();
  // The signal may be aborted at any time.
  const isStopped = (): boolean => signal.aborted;
  const runAgain = (): Promise<RunRecord> => runAfresh(host, input, { cwd: cwd.value, place, signal, silent });
  const record = await runAgain();
  if (isStopped()) return interruptedBefore(input, 'compared');
  if (record.status === 'refused') return refused(input, record);
  const environment = lookAtEnvironment(host, { input, cwd: cwd.value, place, record });
  if (!environment.ok) return environment.result;
  const witnessed = { input, cwd: cwd.value, place, environment: environment.value, plain: [] };
  const now = witness({ ...witnessed, record });
  const checked = checkRun({ certified: certificate.facts, now, bundle: input.bundle, environment: environment.value });
  let again: Witness | undefined;
  if (checked.asksForSecondRun) {
    if (!silent) host.err('A cell differs. Once more, to see whether two runs here agree\n');
    const second = await runAgain();
    if (isStopped()) return interruptedBefore(input, 'compared');
    if (second.status !== 'refused') again = witness({ ...witnessed, record: second });
  }
  const cause = checked.first === undefined ? undefined : checked.cause(again);
  return describe({ input, file: named, certificate, checked, cause, seconds: record.seconds });
}

/** From the notebook to the folder that its cells run in. */
const mostStepsUp = 2;

/** The notebook that was named, else the one of the certificate in the folder of the certificate. */
function findNotebook(
  host: Host,
  parsed: ParsedArguments,
  { certificate, named }: { readonly certificate: Certificate; readonly named: string },
): Outcome<string> {
  const [notebook] = parsed.positionals;
  if (notebook !== undefined) return { ok: true, value: notebook };
  // What stands in a file must not lead anywhere else.
  const name = path.basename(certificate.facts.notebook.name);
  const file = path.join(path.dirname(path.resolve(host.cwd, named)), name);
  if (isThere(file)) return { ok: true, value: shownPath(host, file) };
  const message = `${name}, the notebook of the certificate, is not in its folder.`;
  return { ok: false, result: usage(message, `Name it: cellwright verify --check ${named} NB`, 'CW605') };
}

/** Where the cells run: the folder that was named, else the certificate's, from the notebook. */
function findOwnFolder(
  host: Host,
  parsed: ParsedArguments,
  { input, folder }: { readonly input: Input; readonly folder: string },
): Outcome<string> {
  if (folder === '.' || lastValue(parsed, 'cwd') !== undefined) return findFolder(host, parsed, input);
  const found = path.resolve(input.folder, folder);
  const up = path
    .relative(input.folder, found)
    .split(path.sep)
    .filter((part) => part === '..').length;
  // None that was made leads further away, and what stands in a file must not lead anywhere.
  if (!folder.startsWith('{') && up <= mostStepsUp && isFolder(found)) return { ok: true, value: found };
  const message = `The cells ran in ${folder}, seen from the notebook, which is no folder here.`;
  return { ok: false, result: usage(message, 'Name the folder to run in with --cwd.') };
}

function refused({ path: notebook, sources }: Input, { diagnostics }: RunRecord): CommandResult {
  return { status: 'refused', diagnostics, sources, text: '', document: { notebook } };
}

function describe(told: Told): CommandResult {
  const { input, file, certificate, checked, cause, seconds } = told;
  const { cells, differences, first } = checked;
  const number = (verdict: string): number => cells.filter((one) => one.verdict === verdict).length;
  const raising = cells.find(({ raises }) => raises);
  return {
    status: raising === undefined ? (first === undefined ? 'ok' : 'different') : 'failed',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: renderCheck(told),
    ...(raising === undefined
      ? {}
      : { errors: `A cell raises that did not: [${raising.cell.number}] ${raising.cell.name}: ${raising.what}\n` }),
    document: {
      notebook: input.path,
      equal: number('equal'),
      unstable: number('unstable'),
      different: number('different'),
      seconds: { cellwright: seconds },
      tasks: cells.map(({ cell, verdict, what }) => ({
        id: cell.id,
        name: cell.name,
        index: input.bundle.tasks.find(({ id }) => id === cell.id)?.index ?? null,
        executionCount: cell.number,
        verdict,
        what: verdict === 'unstable' ? '' : what,
        cause: verdict === 'unstable' ? what : '',
      })),
      certificate: file,
      digest: certificate.digest,
      made: certificate.made,
      first: first === undefined || cause === undefined ? null : { task: first.cell.name, what: first.what, cause },
      facts: differences,
    },
  };
}

/** More are in the JSON document. */
const mostFacts = 10;

function renderCheck(told: Told): string {
  const { certificate, checked, cause, seconds } = told;
  const { cells, first } = checked;
  const rows = cells
    .filter(({ verdict }) => verdict !== 'equal')
    .map(({ cell, verdict, what }) => [`[${cell.number}]`, cell.name, verdict, what]);
  const number = (verdict: string): number => cells.filter((one) => one.verdict === verdict).length;
  const parts = [`${number('equal')} of ${cells.length} cells equal to the certificate`];
  if (number('unstable') > 0) parts.push(`${number('unstable')} equal in what was stable`);
  if (number('different') > 0) parts.push(`${number('different')} DIFFERENT`);
  const lines = [
    `${parts.join(', ')} (${formatSeconds(seconds)}; made ${certificate.made.at.slice(0, 10)} by ${certificate.made.by})`,
  ];
  if (first !== undefined && cause !== undefined) {
    lines.push(`first difference  [${first.cell.number}] ${first.cell.name}`);
    lines.push(`likely cause      ${cause.kind}: ${cause.what}`);
  }
  lines.push(...renderFacts(told));
  return `${renderTable(rows)}${lines.join('\n')}\n`.replaceAll(unprintable, '\ufffd');
}

/** Facts that differ and are not the cause. Of packages that no cell imports only the number is told. */
function renderFacts({ certificate, checked, cause }: Told): readonly string[] {
  const used = new Set(
    certificate.facts.environment.packages.flatMap(({ name, imported }) => (imported ? [name] : [])),
  );
  const others = checked.differences.filter(({ what }) => cause?.what.startsWith(what) !== true);
  const near = others.filter(({ kind, name }) => kind !== 'package' || used.has(name));
  const far = others.length - near.length;
  const lines = near.slice(0, mostFacts).map(({ what }) => `  ${what}`);
  if (near.length > mostFacts) lines.push(`  and ${count(near.length - mostFacts, 'more fact')}`);
  if (far > 0) lines.push(`  ${count(far, 'package')} that no cell imports`);
  const title =
    checked.first === undefined
      ? 'Other than in the certificate, without effect:'
      : 'Also other than in the certificate:';
  return lines.length === 0 ? [] : [title, ...lines];
}

/** Names in a certificate are somebody else's, and a terminal obeys some letters. */
const unprintable = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g;
