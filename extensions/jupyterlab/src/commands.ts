import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { bugIcon, runIcon, stopIcon, type LabIcon } from '@jupyterlab/ui-components';
import { compileTo } from './compile-to.ts';
import { pipelineIcon, runPipelineIcon } from './icons.ts';
import type { NotebookView } from './notebook-view.ts';
import type { PipelineSidebar } from './sidebar.ts';
import { verifyNotebook } from './verify-notebook.ts';

export interface CommandParts {
  readonly app: JupyterFrontEnd;
  readonly tracker: INotebookTracker;
  readonly sidebar: PipelineSidebar;
  readonly trans: TranslationBundle;
}

interface PipelineCommand {
  readonly id: string;
  readonly label: string;
  readonly caption: string;
  readonly icon?: LabIcon;
  /** False for what works without a server. */
  readonly needsService: boolean;
  readonly run: (view: NotebookView) => Promise<unknown>;
}

/** All commands by their ids, for menus, the palette and shortcuts. */
export const commandIds: readonly string[] = [
  'cellwright:show',
  'cellwright:run',
  'cellwright:stop',
  'cellwright:run-cell',
  'cellwright:debug-cell',
  'cellwright:verify',
  'cellwright:open-report',
  'cellwright:compile-to',
];

/** Adds the commands; each works on the notebook in front. */
export function addCommands({ app, tracker, sidebar, trans }: CommandParts): void {
  const hasNotebook = (): boolean => tracker.currentWidget !== null;
  for (const { id, label, caption, icon, needsService, run } of commandsOf(app, sidebar, trans)) {
    app.commands.addCommand(id, {
      label,
      caption,
      ...(icon === undefined ? {} : { icon }),
      isEnabled: hasNotebook,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        const notebook = tracker.currentWidget;
        if (notebook === null) return;
        const view = await sidebar.viewOf(notebook);
        if (needsService && view.host.service === undefined) {
          Notification.warning(view.host.runsRefused ?? noService(trans), { autoClose: false });
          return;
        }
        await run(view);
      },
    });
  }
}

function noService(trans: TranslationBundle): string {
  return trans.__(
    'Runs need a Jupyter server that was started with the package cellwright: pip install cellwright, and start it again. The picture of the pipeline works without it.',
  );
}

function commandsOf(
  app: JupyterFrontEnd,
  sidebar: PipelineSidebar,
  trans: TranslationBundle,
): readonly PipelineCommand[] {
  const show = (): void => app.shell.activateById(sidebar.id);
  const shown =
    (action: PipelineCommand['run']): PipelineCommand['run'] =>
    async (view: NotebookView): Promise<unknown> => {
      show();
      return await action(view);
    };
  return [
    {
      id: 'cellwright:show',
      label: trans.__('Pipeline'),
      caption: trans.__('Show this notebook as a pipeline'),
      icon: pipelineIcon,
      needsService: false,
      run: shown(async () => Promise.resolve()),
    },
    {
      id: 'cellwright:run',
      label: trans.__('Run as Pipeline'),
      caption: trans.__('Run the cells whose results are not there; the run goes on when this page is closed'),
      icon: runPipelineIcon,
      needsService: true,
      run: shown((view) => view.panel.start()),
    },
    {
      id: 'cellwright:stop',
      label: trans.__('Stop the Pipeline'),
      caption: trans.__('Stop the run; what has finished is kept, and the next run resumes there'),
      icon: stopIcon,
      needsService: true,
      run: (view) => view.panel.stop(),
    },
    ...cellCommands(shown, trans),
    {
      id: 'cellwright:verify',
      label: trans.__('Verify the Pipeline'),
      caption: trans.__('Compare a run with Restart & Run All, cell by cell'),
      needsService: true,
      run: (view) => verifyNotebook(view, trans),
    },
    {
      id: 'cellwright:open-report',
      label: trans.__('Open the Report'),
      caption: trans.__('Show the report of the last run'),
      needsService: true,
      run: shown((view) => view.panel.openReport()),
    },
    {
      id: 'cellwright:compile-to',
      label: trans.__('Compile to…'),
      caption: trans.__('Write the notebook as a bundle, or as a project of a workflow engine'),
      needsService: true,
      run: (view) => compileTo(view, app, trans),
    },
  ];
}

/** Of the cell that is selected in the notebook. */
function cellCommands(
  shown: (action: PipelineCommand['run']) => PipelineCommand['run'],
  trans: TranslationBundle,
): readonly PipelineCommand[] {
  const active = (view: NotebookView, action: (cell: string) => Promise<unknown>): Promise<unknown> => {
    const cell = view.activeCell;
    if (cell !== undefined) return action(cell);
    Notification.info(trans.__('Select a code cell first.'));
    return Promise.resolve();
  };
  return [
    {
      id: 'cellwright:run-cell',
      label: trans.__('Run this Cell with its Inputs'),
      caption: trans.__('Run the selected cell as a task, with its inputs from the cache'),
      icon: runIcon,
      needsService: true,
      run: shown((view) => active(view, (cell) => view.panel.runCell(cell))),
    },
    {
      id: 'cellwright:debug-cell',
      label: trans.__('Open this Cell with its Inputs'),
      caption: trans.__('Open a notebook with the selected cell and what it started with in the last run'),
      icon: bugIcon,
      needsService: true,
      run: (view) => active(view, (cell) => view.panel.debugCell(cell)),
    },
  ];
}
