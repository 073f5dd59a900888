import { basename, isAbsolute, relative, sep } from 'node:path';
import { realPath } from '../store/local.ts';

/** Folders of this machine that stand for the same thing on every machine. */
export interface Places {
  /** The notebook's. */
  readonly notebook: string;
  /** Where the cells run. */
  readonly cwd: string;
  /** Where packages are searched for, the nearest first. */
  readonly packages: readonly string[];
  /** Of the standard library. */
  readonly library: string;
  /** Of the interpreter's own files. */
  readonly python: readonly string[];
  readonly home: string;
  readonly user: string;
}

interface Named {
  readonly folder: string;
  readonly word: string;
}

/** Deeper folders first: an environment in the notebook's folder is the environment. */
function namedFolders({ notebook, cwd, packages, library, python, home }: Places): readonly Named[] {
  const all: Named[] = [
    ...packages.filter((folder) => isApart(folder, notebook)).map((folder) => ({ folder, word: '{packages}' })),
    { folder: library, word: '{library}' },
    ...python.map((folder) => ({ folder, word: '{python}' })),
    ...[notebook, realPath(notebook)].map((folder) => ({ folder, word: '{notebook}' })),
    ...[cwd, realPath(cwd)].map((folder) => ({ folder, word: '{cwd}' })),
    { folder: home, word: '{home}' },
  ];
  // A root would stand for everything.
  const useful = all.filter(({ folder }) => isAbsolute(folder) && folder.length > 1);
  return useful.sort((left, right) => right.folder.length - left.folder.length);
}

/** A search path in the notebook's folder holds the person's own modules, unless packages are installed there. */
function isApart(folder: string, notebook: string): boolean {
  if (contains(folder, notebook)) return false;
  return !contains(notebook, folder) || /^(?:(?:site|dist)-packages|node_modules)$/.test(basename(folder));
}

function contains(folder: string, file: string): boolean {
  const way = relative(folder, file);
  return way === '' || (!isAbsolute(way) && way.split(sep)[0] !== '..');
}

const special = /[\\^$.*+?()[\]{}|]/g;

/** As tracebacks of IPython write it, too. */
function spellings(folder: string, home: string): readonly string[] {
  const isInside = home.length > 1 && folder !== home && contains(home, folder);
  return isInside ? [folder, `~${sep}${relative(home, folder)}`] : [folder];
}

/** How a certificate speaks of this machine's folders. */
export interface PlaceWords {
  /** A text that a cell shows, with words in the place of the folders. */
  hide(text: string): string;
  /** A path that means the same on another machine and does not tell whose this one is. */
  pathOf(file: string): string;
}

/** Finds the words for the folders of a run. */
export function findPlaceWords(places: Places): PlaceWords {
  const folders = namedFolders(places);
  const spelled = folders.flatMap(({ folder, word }) => spellings(folder, places.home).map((text) => ({ text, word })));
  const patterns = spelled.map(({ text, word }): readonly [string, RegExp, string] => [
    text,
    new RegExp(`(?<![\\w.~-])${text.replaceAll(special, '\\$&')}(?![\\w-]|\\.\\w)`, 'g'),
    word,
  ]);
  return {
    hide: (text) => {
      let hidden = text;
      for (const [spelling, pattern, word] of patterns) {
        if (hidden.includes(spelling)) hidden = hidden.replaceAll(pattern, word);
      }
      return hidden;
    },
    pathOf: (file) => portablePath(places, folders, file),
  };
}

/** Steps up from the notebook's folder that are still near it. */
const mostStepsUp = 2;

function portablePath(places: Places, folders: readonly Named[], path: string): string {
  for (const { folder, word } of folders) {
    // Where the cells run may lie beside the notebook; paths are told from the notebook.
    if (!contains(folder, path) || word === '{home}' || word === '{cwd}') continue;
    const inside = slashes(relative(folder, path));
    return word === '{notebook}' ? inside || '.' : `${word}/${inside}`;
  }
  const near = nearPath(places, path);
  if (near !== undefined) return near;
  if (places.home.length > 1 && contains(places.home, path)) return `{home}/${slashes(relative(places.home, path))}`;
  return `{elsewhere}/${basename(path)}`;
}

/** `../data/table.csv`, when what both have in common says enough. */
function nearPath({ notebook, user, home }: Places, path: string): string | undefined {
  for (const base of new Set([notebook, realPath(notebook)])) {
    const parts = relative(base, path).split(sep);
    const up = parts.filter((part) => part === '..').length;
    const common = base.split(sep).slice(0, base.split(sep).length - up);
    if (up <= mostStepsUp && saysEnough({ common: common.join(sep), up, home }) && !parts.includes(user))
      return parts.join('/');
  }
  return undefined;
}

/** What is below a root, or below the folder of all people's folders, would tell whose it is. */
function saysEnough({
  common,
  up,
  home,
}: {
  readonly common: string;
  readonly up: number;
  readonly home: string;
}): boolean {
  if (home.length > 1 && contains(home, common)) return true;
  const depth = common.split(sep).filter(Boolean).length;
  return !contains(common === '' ? sep : common, home) && depth >= up;
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
