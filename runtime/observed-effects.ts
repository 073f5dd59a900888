import { relative, sep } from 'node:path';
import { farFiles, type CellEffects, type EffectsProfile } from '../compiler/bundle/effects-profile.ts';
import type { Bundle, Digest, Task } from '../compiler/bundle/format.ts';
import type { AttemptResult } from './process/protocol.ts';
import { realPath } from './store/local.ts';
import { originOf, type Progress } from './versions.ts';

/** What runs observed of a cell, with the paths of this machine. */
export type StoredEffects = Omit<CellEffects, 'name'> & {
  /** Paths of which it asked something else than what is in the file, or that were not there. */
  readonly looks?: readonly string[];
};

/** What one result tells of its cell. */
export function effectsOf(
  progress: readonly Progress[],
  index: number,
  parameters: ReadonlySet<string>,
): StoredEffects | undefined {
  const { task, result, kept = [] } = progress[index] ?? {};
  // A cell that raised was not seen to its end, unless that is where it is meant to end.
  if (task === undefined || result === undefined) return undefined;
  if (result.status !== 'ok' && !task.directives.raisesException) return undefined;
  const reads = [...Object.keys(result.reads).filter(isVariable), ...kept.filter(isVariable)];
  const definitions = Object.keys(result.reads).filter((name) => name.startsWith('def:'));
  const changed = Object.entries(result.writes).filter(([, { same }]) => !same);
  const written = (how: 'bind' | 'mutate'): string[] =>
    changed.filter(([name, write]) => isVariable(name) && write.how === how).map(([name]) => name);
  return {
    code: task.code,
    uses: writersOf(progress, index, { names: [...reads, ...definitions], parameters }),
    // Who draws a figure depends on whether somebody has drawn one before.
    reads: [...reads, ...Object.keys(result.reads).filter((name) => name === 'state:backend')],
    binds: [...written('bind'), ...result.unsaved],
    changes: written('mutate'),
    deletes: result.deletes.filter(isVariable),
    state: statesOf(
      result,
      changed.map(([name]) => name),
    ),
    files: {
      reads: result.filesRead.flatMap(({ path, kind, signature }) =>
        kind === 'content' && signature !== 'missing' ? withTargets([path]) : [],
      ),
      writes: withTargets(result.filesWritten),
    },
    looks: looksOf(result),
    outside: result.outside,
    imports: result.imported.filter((name) => !ofShell.has(name.split('.')[0] ?? '')),
    held: Object.fromEntries(
      Object.entries(result.held)
        .filter(([name]) => isVariable(name) || name.startsWith('state:'))
        .map(([name, what]) => [name.replace('state:', ''), withoutPaths(what)]),
    ),
    further: furtherOf(result),
  };
}

/** With what they lead to where there are links on the way: a file has the name by which it was opened, and its own. */
function withTargets(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => [path, realPath(path)]))];
}

function looksOf({ filesRead }: AttemptResult): readonly string[] {
  const others = filesRead.filter(({ kind, signature }) => kind !== 'content' || signature === 'missing');
  const ended = (kind: string): string => (ofFolders.has(kind) ? sep : '');
  return [...new Set(others.flatMap(({ path, kind }) => withTargets([path]).map((each) => `${each}${ended(kind)}`)))];
}

/** Questions whose answer is another one when something appears in a folder; their paths end in a separator. */
const ofFolders: ReadonlySet<string> = new Set(['listing', 'entries', 'distributions', 'stat', 'lstat']);

/** What else it wrote, as an engine with a fixed graph has to know it. */
function furtherOf({ writes, held, deletes, shown }: AttemptResult): readonly string[] {
  const isOther = (name: string): boolean => name.startsWith('def:') || name.startsWith('slot:');
  const written = Object.entries(writes).filter(([name, { same }]) => isOther(name) || (same && isVariable(name)));
  const definitions = Object.keys(held).filter((name) => name.startsWith('def:'));
  const others = [...definitions, ...deletes.filter(isOther), ...shown.map((name) => `shown:${name}`)];
  return [...written.map(([name]) => name), ...others];
}

/** What the shell itself may import in whichever cell is the first. */
const ofShell: ReadonlySet<string> = new Set(['IPython', 'bdb', 'traitlets']);

function isVariable(name: string): boolean {
  return name !== '*' && !name.includes(':');
}

/** Generators of random numbers that it drew from are among the reads, if it left them as they were. */
function statesOf({ reads, held, deletes }: AttemptResult, changed: readonly string[]): readonly string[] {
  const names = [
    ...changed,
    ...deletes,
    ...Object.keys(held),
    ...Object.keys(reads).filter((name) => name.endsWith('random')),
  ];
  return [...new Set(names.filter((name) => name.startsWith('state:')).map((name) => name.slice('state:'.length)))];
}

/** The code of the cells that had written these names. Parameters are given from outside, whichever cell writes them. */
function writersOf(
  progress: readonly Progress[],
  index: number,
  { names, parameters }: { readonly names: readonly string[]; readonly parameters: ReadonlySet<string> },
): Readonly<Record<string, Digest>> {
  const found: Record<string, Digest> = {};
  for (const name of names) {
    const origin = originOf(progress, name, index);
    const writer = origin.kind === 'absent' ? undefined : progress[origin.at]?.task;
    const plain = name.startsWith('def:') ? (name.split(':')[2] ?? name) : name;
    if (writer !== undefined && !parameters.has(plain) && !isImport(writer, plain)) found[plain] = writer.code;
  }
  return found;
}

/** A module is the same, whatever else its cell does. */
function isImport({ accesses }: Task, name: string): boolean {
  const binds = accesses.filter(
    ({ resource, access }) => access === 'bind' && resource.kind === 'variable' && resource.name === name,
  );
  return binds.length > 0 && binds.every(({ reason }) => /^(?:import|from) /.test(reason));
}

/** Words about a value may say where a file is. */
function withoutPaths(text: string): string {
  return text.replaceAll(/(?:~|\B)\/(?:[^\s'"]+\/)*([^\s'"/]+)/g, '$1');
}

/** Two observations of one cell: what either saw, unless they were made on other code. */
export function joinEffects(before: StoredEffects | undefined, later: StoredEffects): StoredEffects {
  const earlier = before !== undefined && isSameCode(before.uses, later.uses) ? before : later;
  const both = (left: readonly string[], right: readonly string[]): string[] =>
    [...new Set([...left, ...right])].sort();
  return {
    code: later.code,
    uses: { ...earlier.uses, ...later.uses },
    reads: both(earlier.reads, later.reads),
    binds: both(earlier.binds, later.binds),
    changes: both(earlier.changes, later.changes),
    deletes: both(earlier.deletes, later.deletes),
    state: both(earlier.state, later.state),
    files: {
      reads: both(earlier.files.reads, later.files.reads),
      writes: both(earlier.files.writes, later.files.writes),
    },
    outside: both(earlier.outside, later.outside),
    imports: both(earlier.imports, later.imports),
    held: { ...earlier.held, ...later.held },
    ...(later.looks !== undefined && { looks: both(earlier.looks ?? [], later.looks) }),
    ...(later.further !== undefined && { further: both(earlier.further ?? [], later.further) }),
  };
}

/** True when nothing that both read was written by other code. */
function isSameCode(earlier: StoredEffects['uses'], later: StoredEffects['uses']): boolean {
  return Object.entries(later).every(([name, code]) => (earlier[name] ?? code) === code);
}

/** How the observations of tasks are found: by their code, and by their place among equal cells; empty for one that is not executed. */
export function keysOf(tasks: readonly Task[]): readonly string[] {
  const seen = new Map<string, number>();
  return tasks.map(({ executionCount, code }) => {
    if (executionCount === 0) return '';
    const number = seen.get(code) ?? 0;
    seen.set(code, number + 1);
    return number === 0 ? code : `${code} ${String(number)}`;
  });
}

/** What a profile is made from. */
export interface Observations {
  /** By the keys of tasks. */
  readonly effects: Readonly<Record<string, StoredEffects>>;
  readonly oneProcess: string;
  /** The notebook's: files are named from there, and those that are far from it are left out. */
  readonly folder: string;
}

/** The profile of a notebook from what runs observed. */
export function profileOf(
  bundle: Bundle,
  { effects, oneProcess, folder }: Observations,
): Pick<EffectsProfile, 'cells' | 'oneProcess'> {
  const keys = keysOf(bundle.tasks);
  const inside = realPath(folder);
  const near = (paths: readonly string[]): string[] =>
    paths.flatMap((path) => nearPath(folder, path) ?? nearPath(inside, path) ?? []);
  const written = keys.flatMap((key) => effects[key]?.files.writes ?? []);
  const cells = bundle.tasks.flatMap(({ name }, place): CellEffects[] => {
    const stored = effects[keys[place] ?? ''];
    if (stored === undefined) return [];
    const { looks = [], ...own } = stored;
    const outside = own.outside.map(withoutPaths);
    // Of what cells write, it matters as well who asks whether it is there.
    const asked = looks.flatMap((look) =>
      written.some((other) => isAboutWritten(look, other)) ? [plainLook(look)] : [],
    );
    const files = { reads: near([...own.files.reads, ...asked]), writes: near(own.files.writes) };
    const isFar = files.writes.length < own.files.writes.length;
    return [{ name, ...own, outside, files, further: [...(own.further ?? []), ...(isFar ? [farFiles] : [])] }];
  });
  return { cells, oneProcess: oneProcess === '' ? [] : [withoutPaths(oneProcess)] };
}

/** True when the answer to a question may be another one after a file was written. */
function isAboutWritten(look: string, written: string): boolean {
  const path = plainLook(look);
  return isWithin(written, path) || (look !== path && isWithin(path, written));
}

function plainLook(look: string): string {
  return look.length > 1 && look.endsWith(sep) ? look.slice(0, -1) : look;
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}${sep}`);
}

const farthest = 2;
/** Packages, what Python makes of modules, and the folder of Deno are the same for everybody, and nobody's data. */
const ofPackages = /(?:^|\/)(?:site-packages|dist-packages|__pycache__|\.cache\/deno)(?:\/|$)/;

/** A path from the notebook's folder, at most two folders up; undefined for one that only says where things are on this machine. */
function nearPath(folder: string, file: string): string | undefined {
  const way = relative(folder, file).split(sep);
  const up = way.filter((part) => part === '..').length;
  const near = way.join('/');
  if (near === '') return '.';
  return way[0] === '' || up > farthest || ofPackages.test(near) ? undefined : near;
}
