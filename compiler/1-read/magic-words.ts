import type { Magic } from './magics.ts';
import { filesOfShell } from './shell-files.ts';
import { readSqlMagic } from './sql-magic.ts';

/** What the words of a magic name. */
export interface MagicWords {
  /** Variables whose values IPython puts into the line: `{a}`, `$a`. */
  readonly expands: readonly string[];
  /** Variables that the magic itself looks up. */
  readonly reads: readonly string[];
  readonly binds: readonly string[];
  readonly deletes: readonly string[];
  readonly files: readonly { readonly path: string; readonly access: 'read' | 'write' }[];
  /** True when the magic only looks at what others of its name set: `%env HOME`, `%store -r a`. */
  readonly onlyLooks: boolean;
  /** Why it may touch every variable, though the magic is known. */
  readonly everything: string | undefined;
}

const nothing: MagicWords = {
  expands: [],
  reads: [],
  binds: [],
  deletes: [],
  files: [],
  onlyLooks: false,
  everything: undefined,
};

/** What `%sql` may do beside what its words name. */
const throughConnection = '%sql also sees what views, snippets and settings of its connection name';

/** Magics whose line is code, which IPython hands on as it is (`no_var_expand`). */
const ofCode: ReadonlySet<string> = new Set(['time', 'timeit', 'prun', 'debug']);
/** Magics that are given the name of an object. */
const ofObjects: ReadonlySet<string> = new Set(['pinfo', 'pinfo2', 'pdoc', 'pdef', 'psource', 'pfile', 'page']);
/** Magics whose line is code that is not run as part of the cell. */
const profilers: ReadonlySet<string> = new Set(['lprun', 'mprun', 'memit', 'snakeviz', 'scalene']);
const scripts: ReadonlySet<string> = new Set('sh bash script perl ruby python python2 python3 pypy cmd'.split(' '));
const fileReaders: ReadonlySet<string> = new Set(['load', 'loadpy', 'pycat', 'less', 'more', 'cat']);

/** Reads the words of a magic: its line and, of its body, files that a shell opens and what a query names. */
export function readMagicWords({ kind, name, text }: Magic): MagicWords {
  const [line = ''] = text.split('\n');
  if (kind === 'help') return { ...nothing, reads: names(line).slice(0, 1) };
  const expands = ofCode.has(name) ? [] : expandedNames(line);
  const words = splitWords(line);
  if (kind === 'shell') return { ...nothing, expands };
  if (name === 'sql') return { ...nothing, expands, ...readSqlMagic(text), everything: throughConnection };
  const files = kind === 'cell' && (name === 'bash' || name === 'sh') ? filesOfShell(text.slice(line.length + 1)) : [];
  return { ...nothing, expands, files, ...namedBy(name, line, words) };
}

function namedBy(name: string, line: string, words: readonly string[]): Partial<MagicWords> {
  const plain = words.filter((word) => !word.startsWith('-'));
  if (ofObjects.has(name)) return { reads: names(line).slice(0, 1) };
  if (profilers.has(name)) return { reads: names(line) };
  if (scripts.has(name)) return { binds: optionValues(words, ['--out', '--err', '--proc']) };
  if (fileReaders.has(name)) return { files: literalFile(plain.at(-1), 'read') };
  switch (name) {
    case 'writefile':
    case 'file':
      return { files: literalFile(plain.at(-1), 'write') };
    case 'run':
      return runsScript(words);
    case 'store':
      return storesVariables(words);
    case 'env':
      return { onlyLooks: words.length < 2 && !line.includes('=') };
    case 'xdel':
      return { reads: names(line), deletes: plain.filter(isName) };
    case 'who':
    case 'whos':
    case 'who_ls':
      return { everything: `%${name} lists every variable` };
    case 'reset':
    case 'reset_selective':
      return { everything: `%${name} deletes variables` };
    case 'pylab':
      return { everything: '%pylab binds the names of numpy and matplotlib' };
    case 'debug':
    case 'pdb':
      return { everything: `%${name} lets a person look at every variable` };
    case 'macro':
    case 'rerun':
    case 'recall':
    case 'rep':
      return { everything: `%${name} runs or brings back earlier cells` };
    default:
      return {};
  }
}

/** Options of `%run` that take a word. */
const runOptions: ReadonlySet<string> = new Set(['-b', '-l', '-N']);

function runsScript(words: readonly string[]): Partial<MagicWords> {
  const module = optionValues(words, ['-m'])[0];
  const place = words.findIndex((word, at) => !word.startsWith('-') && !runOptions.has(words[at - 1] ?? ''));
  const script = module ?? words[place] ?? '';
  const isInside = words.slice(0, place).some((word) => /^-\w*i/.test(word));
  const everything = `%run binds what ${script} binds${isInside ? ', and lets it use every variable' : ''}`;
  const path = /\.(?:py|ipy|ipynb)$/.test(script) ? script : `${script}.py`;
  return { everything, files: module === undefined && script !== '' ? literalFile(path, 'read') : [] };
}

function storesVariables(words: readonly string[]): Partial<MagicWords> {
  const target = words.indexOf('>') < 0 ? words.indexOf('>>') : words.indexOf('>');
  const files = target < 0 ? [] : literalFile(words[target + 1], 'write');
  const named = (target < 0 ? words : words.slice(0, target)).filter(isName);
  if (words.includes('-r')) {
    const onlyLooks = true;
    return named.length === 0
      ? { everything: '%store -r binds what was stored', onlyLooks }
      : { binds: named, onlyLooks };
  }
  return words.includes('-d') || words.includes('-z') ? { files } : { reads: named, files };
}

/** Words of a line, quoted ones without their quotes. */
function splitWords(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  );
}

/** The values of options, written `--out a` or `--out=a`, that are names. */
function optionValues(words: readonly string[], options: readonly string[]): readonly string[] {
  return words
    .flatMap((word, at) => {
      const [option = '', value] = word.split('=');
      return options.includes(option) ? [value ?? words[at + 1] ?? ''] : [];
    })
    .filter((word) => /^[\w.]+$/.test(word));
}

/** A path that is known before the cell runs. */
function literalFile(path: string | undefined, access: 'read' | 'write'): MagicWords['files'] {
  return path === undefined || path === '' || /[{}$~*]/.test(path) ? [] : [{ path, access }];
}

function isName(word: string): boolean {
  return /^[A-Za-z_]\w*$/.test(word);
}

/** Names at the root of dotted paths. */
function names(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/(?<![\w.])[A-Za-z_]\w*/g)].map((found) => found[0]))];
}

/** What IPython's formatter looks up: names in expressions in braces, and after a dollar sign that is no second one. */
function expandedNames(text: string): readonly string[] {
  const found: string[] = [];
  const plain = text.replaceAll('{{', '').replaceAll('}}', '').replaceAll('$$', '');
  for (const [, expression = ''] of plain.matchAll(/\{([^{}]*)\}/g)) found.push(...names(expression));
  for (const [, name = ''] of plain.matchAll(/\$([A-Za-z_]\w*)/g)) found.push(name);
  return [...new Set(found)];
}
