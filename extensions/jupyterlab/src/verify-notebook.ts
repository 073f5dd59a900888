import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandAnswer } from '../../service/protocol.ts';
import type { NotebookView } from './notebook-view.ts';

/** Compares a run with Restart & Run All, and says how it came out. */
export async function verifyNotebook({ host }: NotebookView, trans: TranslationBundle): Promise<void> {
  const { service, notebookPath } = host;
  if (service === undefined || !(await host.beforeRun())) return;
  const name = PathExt.basename(notebookPath);
  const verified = service
    .request('command', { arguments: ['verify', `./${name}`], folder: PathExt.dirname(notebookPath) })
    .then((answer) => {
      if (answer.exitCode !== 0) throw new Error(outcomeOf(answer, trans));
      return outcomeOf(answer, trans);
    });
  Notification.promise(verified, {
    pending: { message: trans.__('%1 is run several times, and compared cell by cell…', name) },
    success: { message: (text: unknown) => String(text), options: { autoClose: false } },
    error: {
      message: (reason) => (reason instanceof Error ? reason.message : String(reason)),
      options: { autoClose: false },
    },
  });
  // How it failed is told above.
  await verified.catch(() => undefined);
}

/** In one or two sentences. */
export function outcomeOf({ exitCode, document }: CommandAnswer, trans: TranslationBundle): string {
  const [first] = document.diagnostics;
  if (first !== undefined && exitCode !== 0) return `${first.message} ${first.help}`;
  const [equal, unstable, different] = ['equal', 'unstable', 'different'].map((field) => Number(document[field] ?? 0));
  const counts = trans.__(
    '%1 cells equal to Restart & Run All, %2 unstable, %3 different.',
    equal,
    unstable,
    different,
  );
  const tasks = (document['tasks'] ?? []) as readonly VerifiedTask[];
  const other = tasks.find(({ verdict }) => verdict === 'different');
  return other === undefined
    ? counts
    : `${counts} ${trans.__('First: In [%1] %2.', other.executionCount, other.what ?? '')}`;
}

/** A row of the document of `verify`. */
interface VerifiedTask {
  readonly verdict: string;
  readonly executionCount: number;
  readonly what?: string | null;
}
