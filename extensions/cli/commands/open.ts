import { spawn } from 'node:child_process';
import path from 'node:path';
import { openPage } from '../../service/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { isFolder, isThere } from '../files.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { programOf, type RunCommandLine } from './serve.ts';

/** `cellwright open NB`: shows the notebook's graph and runs in a browser, until it is interrupted. */
export async function openCommand(
  host: Host,
  parsed: ParsedArguments,
  runCommandLine: RunCommandLine,
): Promise<CommandResult> {
  const [name] = parsed.positionals;
  if (name === undefined) return usage('No notebook was named.', 'Name an .ipynb or percent-format .py file.');
  const notebook = path.resolve(host.cwd, name);
  if (!isThere(notebook)) return usage(`There is no notebook ${name}.`, 'Check the path.');
  if (isFolder(notebook)) return usage(`${name} is a folder.`, 'Name the notebook itself.');
  const asked = lastValue(parsed, 'port');
  const port = asked === undefined ? 0 : Number(asked);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return usage(`--port takes a number up to 65535, not ${asked ?? ''}.`, 'Leave it out for any port that is free.');
  const signal = host.interruption();
  const compilerFiles = host.installation;
  const page = path.join(host.installation, 'ui');
  const opened = await tryToOpen({ notebook, page, compilerFiles, port }, programOf(host, parsed, runCommandLine));
  if ('code' in opened)
    return usage(`Port ${port} cannot be used: ${opened.code}.`, 'Name another one, or leave --port out.');
  host.out(`${opened.address}\n`);
  if (!hasFlag(parsed, 'quiet')) host.err('This page is for this machine alone. Ctrl-C ends it; runs go on.\n');
  if (!hasFlag(parsed, 'no-browser')) showInBrowser(opened.address, host);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await opened.close();
  return { status: 'ok', diagnostics: [], text: '', document: { notebook: name } };
}

type Opened = Awaited<ReturnType<typeof openPage>>;

async function tryToOpen(
  opening: Parameters<typeof openPage>[1],
  program: Parameters<typeof openPage>[0],
): Promise<Opened | { readonly code: string }> {
  try {
    return await openPage(program, opening);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') return { code };
    throw error;
  }
}

/** Opens the address with what the system opens addresses with. Where there is nothing, the printed address is enough. */
function showInBrowser(address: string, host: Host): void {
  const [command = '', ...words] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['explorer'] : ['xdg-open'];
  const child = spawn(command, [...words, address], { detached: true, stdio: 'ignore', env: host.environment });
  child.on('error', () => host.err('No browser was found: open the address yourself.\n'));
  child.unref();
}
