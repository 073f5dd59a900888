import { readLiteral } from './literal.ts';

/** What a marker line says of its cell. */
export interface Marker {
  readonly kind: 'code' | 'markdown' | 'raw';
  readonly metadata: Readonly<Record<string, unknown>>;
}

const withOptions = /^\s*#\s*%%%*\s/;
const bare = /^\s*#\s*(?:%%|<codecell>|In\[[0-9 ]*\]:?)\s*$/;

/** True for `# %%` with or without options, and for the marks of older tools (`# In[3]:`, `# <codecell>`). */
export function isCellMarker(line: string): boolean {
  return withOptions.test(line) || bare.test(line);
}

/** Reads the title, the type and the metadata: `# %% Title [markdown] tags=["a"]`, or `# %% Title {"tags": ["a"]}`. */
export function readMarker(line: string): Marker {
  if (!withOptions.test(line)) return { kind: 'code', metadata: {} };
  const options = line.slice(line.indexOf('%%') + 2).trim();
  const { title: words, metadata } = splitOptions(options);
  let title = words;
  let kind: Marker['kind'] = 'code';
  const found: Record<string, unknown> = { ...metadata };
  for (const type of ['markdown', 'raw', 'md'] as const) {
    if (!title.includes(`[${type}]`)) continue;
    title = title.replace(`[${type}]`, '').trim();
    kind = type === 'raw' ? 'raw' : 'markdown';
    if (type === 'md') found['region_name'] = 'md';
    break;
  }
  const depth = /^%*/.exec(title)?.[0].length ?? 0;
  if (depth > 0) found['cell_depth'] = depth;
  title = depth > 0 ? title.slice(depth).trim() : title;
  if (title !== '') found['title'] = title;
  return { kind, metadata: found };
}

interface SplitOptions {
  readonly title: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

function splitOptions(text: string): SplitOptions {
  const brace = text.indexOf('{');
  const equals = text.indexOf('=');
  if (brace >= 0 && (equals < 0 || brace < equals)) {
    const read = readLiteral(text, brace);
    const { value } = read ?? {};
    const isWhole = read !== undefined && text.slice(read.end).trim() === '';
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const metadata = isWhole && isObject ? (value as Record<string, unknown>) : unreadable(text.slice(brace));
    return { title: text.slice(0, brace).trim(), metadata };
  }
  const words = (equals < 0 ? text : text.slice(0, equals)).split(' ');
  if (equals >= 0) {
    while (words.at(-1) === '') words.pop();
    // The last word before the equal sign is its key.
    words.pop();
  }
  while (words.length > 0 && (words.at(-1)?.trim() === '' || words.at(-1)?.startsWith('.') === true)) words.pop();
  const title = words.join(' ');
  return { title, metadata: readPairs(text.slice(title.length).trim()) };
}

/** `key=value key=value flag`, where a value is JSON or a literal of Python. */
function readPairs(text: string): Readonly<Record<string, unknown>> {
  const found: [string, unknown][] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at);
    const pair = /^([\w.@/-]+)\s*=\s*/.exec(rest);
    if (pair !== null) {
      const read = readLiteral(text, at + pair[0].length);
      if (read === undefined || !/^(?:\s|$)/.test(text.slice(read.end))) return unreadable(text);
      found.push([pair[1] ?? '', read.value]);
      at = read.end;
    } else {
      const flag = /^[a-zA-Z_.][\w.]*(?=\s|$)/.exec(rest)?.[0];
      if (flag === undefined) return unreadable(text);
      found.push([flag, null]);
      at += flag.length;
    }
    at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
  }
  return Object.fromEntries(found);
}

/** What cannot be read is kept, under the name that jupytext gives it. */
function unreadable(text: string): Readonly<Record<string, unknown>> {
  return { incorrectly_encoded_metadata: text };
}
