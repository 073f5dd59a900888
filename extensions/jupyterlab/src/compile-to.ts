import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, InputDialog, Notification, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandAnswer } from '../../service/protocol.ts';
import type { ServiceConnection } from '../../ui/panel.ts';
import type { NotebookView } from './notebook-view.ts';

/** What the list offers beside the engines: the format that `cellwright run` itself reads. */
const bundle = 'bundle';

/** Asks for an engine and a folder, and writes the notebook's project there. */
export async function compileTo({ host }: NotebookView, app: JupyterFrontEnd, trans: TranslationBundle): Promise<void> {
  const { service, notebookPath } = host;
  if (service === undefined || !(await host.beforeRun())) return;
  const folder = PathExt.dirname(notebookPath);
  const name = PathExt.basename(notebookPath);
  const engine = await InputDialog.getItem({
    title: trans.__('Compile to'),
    label: trans.__('Engine'),
    items: [bundle, ...(await enginesOf(service, folder))],
    okLabel: trans.__('Next'),
  });
  if (!engine.button.accept || engine.value === null) return;
  const stem = PathExt.basename(name, PathExt.extname(name));
  const place = await InputDialog.getText({
    title: trans.__('Compile to %1', engine.value),
    label: trans.__('Folder, from that of the notebook'),
    text: engine.value === bundle ? `${stem}.cellwright` : `${stem}-${engine.value}`,
    okLabel: trans.__('Compile'),
  });
  if (!place.button.accept || place.value === null || place.value === '') return;
  const words =
    engine.value === bundle
      ? ['compile', `./${name}`, '--output', place.value]
      : ['emit', `./${name}`, '--target', engine.value, '--output', place.value];
  const answer = await service.request('command', { arguments: words, folder });
  if (answer.exitCode === 0) tellWritten(app, PathExt.join(folder, place.value), trans);
  else await showErrorMessage(trans.__('Not compiled'), problemOf(answer), [Dialog.okButton()]);
}

async function enginesOf(service: ServiceConnection, folder: string): Promise<readonly string[]> {
  const { document } = await service.request('command', { arguments: ['emit', '--list'], folder });
  const engines = document['targets'];
  return Array.isArray(engines) ? engines.map((engine) => (engine as { readonly name: string }).name) : [];
}

function tellWritten(app: JupyterFrontEnd, folder: string, trans: TranslationBundle): void {
  const show = 'filebrowser:go-to-path';
  Notification.success(trans.__('Written to %1', folder), {
    autoClose: 10_000,
    actions: app.commands.hasCommand(show)
      ? [{ label: trans.__('Show the folder'), callback: () => void app.commands.execute(show, { path: folder }) }]
      : [],
  });
}

function problemOf({ document }: CommandAnswer): string {
  const told = document.diagnostics.filter(({ severity }) => severity === 'error');
  return told.map(({ message, help }) => `${message} ${help}`).join('\n\n') || document.status;
}
