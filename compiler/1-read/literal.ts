const deepest = 100;

/** A value and where its text ends. */
export interface Literal {
  readonly value: unknown;
  readonly end: number;
}

const words: Readonly<Record<string, unknown>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  null: null,
  None: null,
};

/** Reads a value that is written as JSON or as a literal of Python; undefined when there is none at that place. */
export function readLiteral(text: string, from: number, depth = 0): Literal | undefined {
  const at = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
  const letter = text[at] ?? '';
  if (depth > deepest) return undefined;
  if (letter === '"' || letter === "'") return readString(text, at);
  if (letter === '[' || letter === '(') return readList(text, at, depth);
  if (letter === '{') return readObject(text, at, depth);
  const token = /^[\w.+-]+/.exec(text.slice(at))?.[0] ?? '';
  if (Object.hasOwn(words, token)) return { value: words[token], end: at + token.length };
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(token)
    ? { value: Number(token), end: at + token.length }
    : undefined;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

function readString(text: string, start: number): Literal | undefined {
  const quote = text[start];
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (letter === quote) return { value, end: at + 1 };
    if (letter !== '\\') {
      value += letter;
      continue;
    }
    const next = text[++at] ?? '';
    const code = next === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(at + 1))?.[0] : undefined;
    value += code === undefined ? (escapes[next] ?? next) : String.fromCharCode(Number.parseInt(code, 16));
    if (code !== undefined) at += 4;
  }
  return undefined;
}

/** The place of the first letter that is no blank. */
function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? '')) at++;
  return at;
}

function readList(text: string, start: number, depth: number): Literal | undefined {
  const closing = text[start] === '[' ? ']' : ')';
  const value: unknown[] = [];
  for (let at = skipBlanks(text, start + 1); at < text.length;) {
    if (text[at] === closing) return { value, end: at + 1 };
    const item = readLiteral(text, at, depth + 1);
    if (item === undefined) return undefined;
    value.push(item.value);
    at = skipBlanks(text, item.end);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
    else if (text[at] !== closing) return undefined;
  }
  return undefined;
}

function readObject(text: string, start: number, depth: number): Literal | undefined {
  const entries: [string, unknown][] = [];
  for (let at = skipBlanks(text, start + 1); at < text.length;) {
    if (text[at] === '}') return { value: Object.fromEntries(entries), end: at + 1 };
    const key = readLiteral(text, at, depth + 1);
    const colon = key === undefined ? at : skipBlanks(text, key.end);
    if (key === undefined || text[colon] !== ':') return undefined;
    const item = readLiteral(text, colon + 1, depth + 1);
    if (item === undefined) return undefined;
    entries.push([String(key.value), item.value]);
    at = skipBlanks(text, item.end);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
    else if (text[at] !== '}') return undefined;
  }
  return undefined;
}
