import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTools, INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CellProperties } from './cell-properties.ts';
import { addCommands, commandIds } from './commands.ts';
import type { Surroundings } from './notebook-host.ts';
import { findServerPart, ServiceSocket } from './service-socket.ts';
import { LiveSettings } from './settings.ts';
import { PipelineSidebar } from './sidebar.ts';

const id = 'cellwright-jupyterlab:plugin';
/** Of the property inspector. */
const section = 'cellwright';

/** In the order of `requires` and `optional`; null where an application does not have one. */
type Services = readonly [
  tracker: INotebookTracker,
  documents: IDocumentManager,
  palette: ICommandPalette | null,
  registry: ISettingRegistry | null,
  translator: ITranslator | null,
  labShell: ILabShell | null,
  restorer: ILayoutRestorer | null,
  tools: INotebookTools | null,
];

const plugin: JupyterFrontEndPlugin<void> = {
  id,
  description: 'Shows a notebook as a pipeline, and runs it.',
  autoStart: true,
  requires: [INotebookTracker, IDocumentManager],
  optional: [ICommandPalette, ISettingRegistry, ITranslator, ILabShell, ILayoutRestorer, INotebookTools],
  activate: (app: JupyterFrontEnd, ...services: Services) => {
    const [tracker, documents, palette, registry, translator, labShell, restorer, tools] = services;
    const trans = (translator ?? nullTranslator).load('cellwright');
    const settings = new LiveSettings();
    void settings.load(registry, id);
    const surroundings = findSurroundings(app).then((found): Surroundings => ({
      ...found,
      documents,
      settings: () => settings.current,
      trans,
    }));
    const sidebar = new PipelineSidebar({ tracker, surroundings, settings, trans });
    app.shell.add(sidebar, 'right', { rank: 700, type: 'Pipeline' });
    if (labShell !== null) restorer?.add(sidebar, sidebar.id);
    addCommands({ app, tracker, sidebar, trans });
    for (const command of commandIds) palette?.addItem({ command, category: trans.__('Pipeline') });
    tools?.addSection({ sectionName: section, label: trans.__('Pipeline'), rank: 400 });
    tools?.addItem({ tool: new CellProperties(trans), section });
  },
};

/** The connection to the server's part, where there is one that can run; else why there is none. */
async function findSurroundings({ serviceManager }: JupyterFrontEnd): Promise<Omit<Surroundings, keyof Own>> {
  const part = await findServerPart(serviceManager.serverSettings);
  if (part === undefined) return { service: undefined, root: undefined, runsRefused: undefined };
  const { missing, root } = part;
  if (missing !== null || root === null)
    return { service: undefined, root: undefined, runsRefused: missing ?? undefined };
  return { service: new ServiceSocket(serviceManager.serverSettings), root, runsRefused: undefined };
}

type Own = Pick<Surroundings, 'documents' | 'settings' | 'trans'>;

export { plugin as default };
