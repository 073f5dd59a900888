import type { OutsideReason, Task } from '../../compiler/bundle/format.ts';
import { shownTasks } from './graph-text.ts';
import type { Input } from './input.ts';
import { count, renderTable } from './render.ts';

/** What a notebook's text shows that a run of it would do. */
export interface WouldRun {
  readonly interpreter: string;
  /** Names of its tasks, a cell each. */
  readonly cells: readonly string[];
  /** Cells that start programs, with the line where the text shows one. */
  readonly programs: readonly string[];
  /** Machines and buckets that the text names. */
  readonly hosts: readonly string[];
  /** Cells that use the network. */
  readonly network: readonly string[];
  /** Files that it writes. */
  readonly writes: readonly string[];
  /** Environment variables whose text it takes as a secret. */
  readonly secrets: readonly string[];
  /** Cells that may do anything, for all that their text shows. */
  readonly anything: readonly string[];
}

/** Draws it from the text alone. @param interpreter what it would run by */
export function wouldRun({ bundle, document }: Input, interpreter: string): WouldRun {
  const tasks = shownTasks(bundle);
  const acting = (reason: OutsideReason): readonly Task[] =>
    tasks.filter(({ accesses }) =>
      accesses.some(({ resource }) => resource.kind === 'outside' && resource.reason === reason),
    );
  const names = (of: readonly Task[]): readonly string[] => of.map(({ name }) => name);
  const written = tasks.flatMap(({ accesses }) =>
    accesses.flatMap(({ resource, access }) => (resource.kind === 'file' && access !== 'read' ? [resource.path] : [])),
  );
  const texts = tasks.map(({ source }) => source).join('\n');
  return {
    interpreter,
    cells: names(tasks),
    programs: acting('subprocess').map(({ name, source }) => {
      const line = /^\s*(?:[\w, ]+=\s*)?(!.*|%%?(?:bash|sh|script|system|sx)\b.*)$/m.exec(source)?.[1];
      return line === undefined ? name : `${name}: ${line.trim()}`;
    }),
    hosts: unique(
      [...texts.matchAll(/\b[a-z][a-z0-9+]*:\/\/(?:[^\s/@"'`]*@)?([\w.-]+)/gi)].map(([, host = '']) => host),
    ),
    network: names(acting('network')),
    writes: unique(written),
    secrets: unique(
      [...document.matchAll(/(?:environ|process\.env)\[\\"([A-Za-z_]\w*)\\"\]/g)].map(([, name = '']) => name),
    ),
    anything: names(acting('unknown')),
  };
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)].sort();
}

/** The same for people; nothing in it can write over what a terminal shows. */
export function renderWouldRun(shown: string, found: WouldRun): string {
  const rows = [
    ['interpreter', found.interpreter],
    ['cells', `${count(found.cells.length, 'cell')}: ${found.cells.join(', ')}`],
    ['programs', found.programs.join('; ')],
    ['hosts', found.hosts.join(', ')],
    ['network', found.network.join(', ')],
    ['writes', found.writes.join(', ')],
    ['secrets', found.secrets.join(', ')],
    ['anything', found.anything.length === 0 ? '' : `${found.anything.join(', ')} may do anything`],
  ].filter(([, text]) => text !== '');
  const plain = rows.map((row) => row.map((word) => word.replaceAll(/\p{C}/gu, '?')));
  return `${shown} was not compiled on this machine. As far as its text shows, it would run:\n${renderTable(plain.map((row) => ['', ...row]))}`;
}
