/** The service, where processes can be started and the workspace is trusted, and what its commands are given. */
import * as vscode from 'vscode';
import type { CommandDocument } from '../service/protocol.ts';
import { interpreterArguments } from './interpreter.ts';
import { fileOf, kernelOf, nameOf } from './open-notebook.ts';
import type { HostService, Place } from './place.ts';
import { showReport } from './report-view.ts';
import { runOnlyArguments, settingsOf } from './settings.ts';

/** Hands out the service, and knows the arguments of commands. */
export class Services implements vscode.Disposable {
  readonly #place: Place;
  readonly #log: vscode.LogOutputChannel;
  #service: HostService | undefined;

  constructor(place: Place, log: vscode.LogOutputChannel) {
    this.#place = place;
    this.#log = log;
  }

  /** The connection for a notebook; undefined where it may not or cannot run. */
  connect(notebook: vscode.NotebookDocument): HostService | undefined {
    if (this.refusal(notebook) !== undefined || this.#place.processes === undefined) return undefined;
    this.#service ??= this.#place.processes.startService(folderFor(notebook), this.#log);
    return this.#service;
  }

  /** Why a notebook cannot be run here, for people; undefined when it can. */
  refusal(notebook: vscode.NotebookDocument): string | undefined {
    if (!vscode.workspace.isTrusted) return 'This workspace is not trusted, so nothing is run in it.';
    if (this.#place.processes === undefined)
      return 'A browser cannot start processes; open the folder in the desktop editor or on a remote host to run it.';
    if (fileOf(notebook) === undefined)
      return `${nameOf(notebook)} is not a file on this machine yet; save it to run it.`;
    return undefined;
  }

  /** Arguments that say with which interpreter a command works. */
  async placeArguments(notebook: vscode.Uri, kernelName: string | undefined): Promise<readonly string[]> {
    const processes = this.#place.processes;
    const hints = {
      setting: settingsOf(notebook).python,
      selected: processes?.selectedInterpreter(notebook),
      kernelName,
      ofFolder: await processes?.interpreterOfFolder(notebook),
    };
    return interpreterArguments(hints);
  }

  /** Arguments of a run. */
  runArguments(notebook: vscode.Uri): readonly string[] {
    return runOnlyArguments(settingsOf(notebook));
  }

  /**
   * Calls a command about a notebook; what it refuses is shown. Undefined when it could not be called at all.
   * @param words the command, then what comes before the notebook
   * @param more what comes after it
   */
  async command(
    notebook: vscode.NotebookDocument,
    words: readonly string[],
    more: readonly string[] = [],
  ): Promise<CommandDocument | undefined> {
    const file = fileOf(notebook);
    if (file === undefined) return undefined;
    const place = takesInterpreter.has(words[0] ?? '')
      ? await this.placeArguments(notebook.uri, kernelOf(notebook))
      : [];
    return await this.about(notebook, [...words, file, ...place, ...more]);
  }

  /** Shows the report of the last run; says so when there is none. */
  async showReport(notebook: vscode.NotebookDocument): Promise<void> {
    const [service, file] = [this.connect(notebook), fileOf(notebook)];
    if (service === undefined || file === undefined) return;
    try {
      showReport(await service.request('read-report', { notebook: file }));
    } catch (error) {
      void vscode.window.showInformationMessage(error instanceof Error ? error.message : String(error));
    }
  }

  /** Calls a command that does not take the notebook itself. */
  async about(notebook: vscode.NotebookDocument, words: readonly string[]): Promise<CommandDocument | undefined> {
    const service = this.connect(notebook);
    if (service === undefined) return undefined;
    const { document } = await service.request('command', { arguments: words, folder: folderFor(notebook) });
    return document;
  }

  dispose(): void {
    this.#service?.dispose();
  }
}

const takesInterpreter: ReadonlySet<string> = new Set(['status', 'test', 'verify', 'run']);

/** The folder that relative paths are relative to. */
export function folderFor(notebook: vscode.NotebookDocument): string {
  const folder = vscode.workspace.getWorkspaceFolder(notebook.uri) ?? vscode.workspace.workspaceFolders?.[0];
  const around = folder?.uri ?? vscode.Uri.joinPath(notebook.uri, '..');
  return around.fsPath;
}
