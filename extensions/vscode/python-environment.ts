/** Asks the extensions for Jupyter and Python which interpreter is selected: without starting them, and without a question to anybody. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';

/** A part of what the Jupyter extension offers to others; it does not ask the person for leave, as its kernels do. */
interface JupyterApi {
  getPythonEnvironment?(notebook: vscode.Uri): { readonly path: string } | undefined;
  readonly onDidChangePythonEnvironment?: vscode.Event<vscode.Uri>;
}

/** A part of what the Python extension offers to others. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath?(resource: vscode.Uri): { readonly path: string };
    resolveEnvironment?(found: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath?: vscode.Event<unknown>;
  };
}

function jupyter(): JupyterApi | undefined {
  const extension = vscode.extensions.getExtension<JupyterApi>('ms-toolsai.jupyter');
  return extension?.isActive === true ? extension.exports : undefined;
}

function python(): PythonApi | undefined {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  return extension?.isActive === true ? extension.exports : undefined;
}

/** The interpreter of the kernel that is selected in a notebook; undefined where nobody tells. */
export function selectedInterpreter(notebook: vscode.Uri): string | undefined {
  const found = jupyter()?.getPythonEnvironment?.(notebook);
  return found === undefined ? undefined : executableOf(found.path);
}

/** The interpreter that is chosen for the folder of a notebook. */
export async function interpreterOfFolder(notebook: vscode.Uri): Promise<string | undefined> {
  const environments = python()?.environments;
  const active = environments?.getActiveEnvironmentPath?.(notebook);
  if (active === undefined) return undefined;
  const resolved = await environments?.resolveEnvironment?.(active);
  return resolved?.executable.uri?.fsPath ?? executableOf(active.path);
}

/** Calls back when another interpreter was selected. */
export function onInterpreterChange(listener: () => void): vscode.Disposable {
  const events = [jupyter()?.onDidChangePythonEnvironment, python()?.environments?.onDidChangeActiveEnvironmentPath];
  return vscode.Disposable.from(...events.flatMap((event) => (event === undefined ? [] : [event(listener)])));
}

/** An environment may be named by its interpreter or by its folder. */
function executableOf(place: string): string | undefined {
  if (!existsSync(place)) return undefined;
  if (statSync(place).isFile()) return place;
  const inside = process.platform === 'win32' ? ['python.exe', 'Scripts/python.exe'] : ['bin/python', 'bin/python3'];
  return inside.map((one) => path.join(place, one)).find((file) => existsSync(file));
}
