import { exitCode, type CommandResult } from './host.ts';
import { jsonVersion, version } from './version.ts';

/** The one JSON document of a command, as docs/json.md describes it. */
export function renderDocument(
  command: string,
  { status, diagnostics, document }: Pick<CommandResult, 'status' | 'diagnostics' | 'document'>,
): string {
  const head = { cellwright: version, jsonVersion, command, status, exitCode: exitCode(status) };
  return `${JSON.stringify({ ...head, diagnostics, ...document }, null, 2)}\n`;
}
