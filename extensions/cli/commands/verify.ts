import path from 'node:path';
import {
  judgeRuns,
  runPlainly,
  secretNames,
  type PlainRun,
  type RunRecord,
  type VerifiedTask,
} from '../../../runtime/index.ts';
import { runAfresh } from '../afresh.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { findCertificate, lookAtEnvironment, saveCertificate, witness } from '../certificate-file.ts';
import { checkCertificate } from '../check-certificate.ts';
import { shownPath } from '../files.ts';
import { refuseForeign } from '../foreign-bundle.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { openInput, type Input } from '../input.ts';
import { interruptedBefore } from '../interrupted.ts';
import { prepareEnvironment } from '../locked-environment.ts';
import { formatSeconds } from '../progress.ts';
import { renderTable } from '../render.ts';
import { findUnready } from '../given-parameters.ts';
import { findFolder } from '../run-targets.ts';
import { findPlace, type Place } from '../state-folder.ts';

/**
 * `cellwright verify NB`: two runs in a Jupyter kernel and one of ours, with everything run afresh, compared cell by cell;
 * `verify --check FILE`: one of ours, compared with a certificate.
 */
export async function verifyCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const checked = lastValue(parsed, 'check');
  if (checked !== undefined && hasFlag(parsed, 'certificate')) {
    return usage('--certificate and --check were both given.', 'Make a certificate first, and check it then.');
  }
  return checked === undefined ? compareWithJupyter(host, parsed) : checkCertificate(host, parsed, checked);
}

/** What is compared. */
interface Comparison {
  readonly input: Input;
  readonly cwd: string;
  readonly place: Place;
  readonly signal: AbortSignal;
  readonly silent: boolean;
}

async function compareWithJupyter(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const unready = findUnready(host, opened.value) ?? findUncertifiable(parsed, opened.value);
  if (unready !== undefined) return unready;
  const foreign = refuseForeign(host, parsed, opened.value);
  if (foreign !== undefined) return foreign;
  const cwd = findFolder(host, parsed, opened.value);
  if (!cwd.ok) return cwd.result;
  const found = findPlace(host, parsed, opened.value);
  if (!found.ok) return found.result;
  const silent = hasFlag(parsed, 'quiet') || (hasFlag(parsed, 'json') && !host.isTerminal);
  const wish = { input: opened.value, place: found.value, builds: true, silent };
  const prepared = await prepareEnvironment(host, parsed, wish);
  if (!prepared.ok) return prepared.result;
  const { place, diagnostics } = prepared.value;
  const input = { ...opened.value, diagnostics: [...opened.value.diagnostics, ...diagnostics] };
  const named = lastValue(parsed, 'certificate');
  const file = named === undefined ? undefined : findCertificate(host, named, input);
  if (file?.ok === false) return file.result;
  const work: Comparison = { input, cwd: cwd.value, place, signal: host.interruption(), silent };
  const compared = await compareRuns(host, work);
  if (!compared.ok) return compared.result;
  if (file === undefined) return describe(input, compared.value, undefined);
  const isDifferent = compared.value.tasks.some(({ verdict }) => verdict === 'different');
  const saved = isDifferent
    ? ({ ok: true, value: notWritten } as const)
    : certify(host, work, { file: file.value, compared: compared.value });
  return saved.ok ? describe(input, compared.value, saved.value) : saved.result;
}

/** A digest of what came of a secret would let others guess it. */
function findUncertifiable(parsed: ParsedArguments, input: Input): CommandResult | undefined {
  const { document } = input;
  if (!hasFlag(parsed, 'certificate') || secretNames(document).length === 0) return undefined;
  return usage(
    'No certificate can be made of a run with secrets.',
    'Leave out --certificate to compare the runs alone.',
  );
}

/** Runs of one notebook, and the verdict on every cell. */
interface Compared {
  readonly plain: readonly PlainRun[];
  readonly record: RunRecord;
  readonly tasks: readonly VerifiedTask[];
}

async function compareRuns(host: Host, work: Comparison): Promise<Outcome<Compared>> {
  const { input, cwd, place, signal, silent } = work;
  const { bundle, document, sources } = input;
  // The signal may be aborted at any time.
  const isStopped = (): boolean => signal.aborted;
  const scripts = path.join(host.installation, 'python');
  const plain: PlainRun[] = [];
  const runAgain = async (which: string): ReturnType<typeof runPlainly> => {
    if (!silent) host.err(`Restart & Run All, ${which} time\n`);
    return await runPlainly(document, bundle, { ...place, cwd, signal, scripts });
  };
  for (const which of ['first', 'second']) {
    const made = await runAgain(which);
    if (isStopped()) return { ok: false, result: interruptedBefore(input, 'compared') };
    if (!made.ok) {
      const problem = { text: '', document: { notebook: input.path }, diagnostics: made.error, sources };
      return { ok: false, result: { status: 'usage', ...problem } };
    }
    plain.push(made.value);
  }
  const record = await runAfresh(host, input, work);
  if (isStopped()) return { ok: false, result: interruptedBefore(input, 'compared') };
  if (record.status === 'refused') {
    const problem = { text: '', document: { notebook: input.path }, diagnostics: record.diagnostics, sources };
    return { ok: false, result: { status: 'refused', ...problem } };
  }
  const tasks = judgeRuns(bundle, plain, record.notebook);
  if (tasks.every(({ verdict }) => verdict !== 'different')) return { ok: true, value: { plain, record, tasks } };
  // Two plain runs may agree by chance.
  const third = await runAgain('third');
  if (isStopped()) return { ok: false, result: interruptedBefore(input, 'compared') };
  if (!third.ok) return { ok: true, value: { plain, record, tasks } };
  const all = [...plain, third.value];
  return { ok: true, value: { plain: all, record, tasks: judgeRuns(bundle, all, record.notebook) } };
}

/** What became of the certificate that was asked for. */
interface Certified {
  readonly text: string;
  readonly file: string | null;
  readonly digest: string | null;
}

const notWritten: Certified = {
  text: 'No certificate was written: it would certify a difference.\n',
  file: null,
  digest: null,
};

function certify(
  host: Host,
  { input, cwd, place }: Comparison,
  { file, compared }: { readonly file: string; readonly compared: Compared },
): Outcome<Certified> {
  const { plain, record } = compared;
  const environment = lookAtEnvironment(host, { input, cwd, place, record });
  if (!environment.ok) return environment;
  const { facts } = witness({ input, cwd, place, environment: environment.value, record, plain });
  const saved = saveCertificate(host, file, facts);
  if (!saved.ok) return saved;
  const text = `certificate  ${shownPath(host, file)}\n`;
  return { ok: true, value: { text, file, digest: saved.value } };
}

function describe(input: Input, { plain, record, tasks }: Compared, certified: Certified | undefined): CommandResult {
  const seconds = { jupyter: plain[0]?.seconds ?? 0, ours: record.seconds };
  const number = (verdict: VerifiedTask['verdict']): number => tasks.filter((task) => task.verdict === verdict).length;
  const rows = tasks
    .filter(({ verdict }) => verdict !== 'equal')
    .map((task) => [
      `[${task.executionCount}]`,
      task.name,
      task.verdict,
      task.verdict === 'unstable' ? task.cause : task.what,
    ]);
  const parts = [`${number('equal')} of ${tasks.length} cells equal`];
  if (number('unstable') > 0) parts.push(`${number('unstable')} differ between two runs in Jupyter`);
  if (number('different') > 0) parts.push(`${number('different')} DIFFERENT`);
  const lowered = input.bundle.tasks.filter((task) => task.lowered !== undefined).length;
  const translated =
    lowered === 0
      ? ''
      : `${String(lowered)} ${lowered === 1 ? 'cell that the kernel alone does not know was' : 'cells that the kernel alone does not know were'} given to it in the notebook's own language.\n`;
  const times = `Jupyter ${formatSeconds(seconds.jupyter)}, here ${formatSeconds(seconds.ours)}`;
  return {
    status: number('different') > 0 ? 'different' : 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `${renderTable(rows)}${parts.join(', ')} (${times})\n${translated}${certified?.text ?? ''}`,
    document: {
      notebook: input.path,
      equal: number('equal'),
      unstable: number('unstable'),
      different: number('different'),
      seconds: { jupyter: seconds.jupyter, cellwright: seconds.ours },
      tasks: tasks.map(({ task, name, index, executionCount, verdict, what, cause }) => ({
        id: task,
        name,
        index,
        executionCount,
        verdict,
        what,
        cause,
      })),
      ...(certified === undefined ? {} : { certificate: certified.file, digest: certified.digest }),
    },
  };
}
