import { serveLines, type CallCommand, type Program } from '../../service/index.ts';
import path from 'node:path';
import { hasFlag, lastValue, type ParsedArguments } from '../args.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { version } from '../version.ts';

/** Runs a command line; handed in, since the list of commands names this one. */
export type RunCommandLine = (words: readonly string[], host: Host) => Promise<number>;

/** `cellwright serve --stdio`: answers the requests of an editor, one a line, until its input ends. */
export async function serveCommand(
  host: Host,
  parsed: ParsedArguments,
  runCommandLine: RunCommandLine,
): Promise<CommandResult> {
  if (!hasFlag(parsed, 'stdio')) {
    return usage(
      'serve speaks with a program, not with people.',
      'Editors start it with --stdio; cellwright open NB shows a page.',
    );
  }
  const program = programOf(host, parsed, runCommandLine);
  await serveLines(program, { input: process.stdin, send: (line) => host.out(`${line}\n`) });
  return { status: 'ok', diagnostics: [], text: '', document: {} };
}

/** In an editor on Electron the interpreter of JavaScript is the editor's own program, which is told to be one. */
const asNode = process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };

/** What the service needs of this program. */
export function programOf(host: Host, parsed: ParsedArguments, runCommandLine: RunCommandLine): Program {
  const state = lastValue(parsed, 'state');
  return {
    version,
    command: [process.execPath, path.join(host.installation, 'cellwright.mjs')],
    environment: { ...host.environment, ...asNode },
    folder: host.cwd,
    state: state === undefined ? undefined : path.resolve(host.cwd, state),
    call: callerOf(host, runCommandLine),
  };
}

function callerOf(host: Host, runCommandLine: RunCommandLine): CallCommand {
  return async ([name = '', ...words], { folder, signal }) => {
    let out = '';
    const exitCode = await runCommandLine([name, '--json', ...words], {
      ...host,
      cwd: folder,
      isTerminal: false,
      hasColours: false,
      interruption: () => signal,
      readInput: () => new Uint8Array(),
      out: (text) => (out += text),
      err: () => undefined,
    });
    return { exitCode, document: JSON.parse(out) as Awaited<ReturnType<CallCommand>>['document'] };
  };
}
