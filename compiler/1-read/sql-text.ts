/** Something that a text in SQL names, with its place in UTF-16 units. */
export interface SqlName {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What a text in SQL names, by its words alone: whether it is a table, a frame or nothing at all is for the database to say. */
export interface SqlNames {
  /** Where a table is read: behind FROM, JOIN and the like. */
  readonly tables: readonly SqlName[];
  /** Tables and views that it creates. */
  readonly made: readonly SqlName[];
  /** Parameters: `$name`. */
  readonly parameters: readonly SqlName[];
  /** Texts that are read as files: `FROM 'a.csv'`, `read_csv('a.csv')`. */
  readonly read: readonly SqlName[];
  /** Texts that are written as files: `COPY … TO 'a.csv'`. */
  readonly written: readonly SqlName[];
  /** True when it may write to files that it does not name as such: `ATTACH`, `EXPORT`, `COPY … TO` what is computed. */
  readonly writesMore: boolean;
}

interface Token extends SqlName {
  /** `name` of a quoted one is without its quotes. */
  readonly kind: 'word' | 'quoted' | 'text' | 'parameter' | 'sign';
}

const token =
  /--[^\n]*|\/\*[^]*?\*\/|(\$(\w*)\$)[^]*?\1|[eE]?'(?:[^']|'')*'|"(?:[^"]|"")*"|\$[\p{ID_Start}_][\p{ID_Continue}]*|[\p{ID_Start}_][\p{ID_Continue}$]*|\d[\w.]*|[^\s]/gu;

function tokensOf(sql: string): readonly Token[] {
  return [...sql.matchAll(token)].flatMap((found): readonly Token[] => {
    const [text] = found;
    const place = { from: found.index, to: found.index + text.length };
    if (text.startsWith('--') || text.startsWith('/*')) return [];
    if (text.startsWith('"')) return [{ ...place, kind: 'quoted', name: text.slice(1, -1).replaceAll('""', '"') }];
    if (/^[eE]?'/.test(text))
      return [{ ...place, kind: 'text', name: text.slice(text.indexOf("'") + 1, -1).replaceAll("''", "'") }];
    if (found[1] !== undefined) return [{ ...place, kind: 'text', name: '' }];
    if (text.length > 1 && text.startsWith('$')) return [{ ...place, kind: 'parameter', name: text.slice(1) }];
    return [{ ...place, kind: /^[\p{ID_Start}_]/u.test(text) ? 'word' : 'sign', name: text }];
  });
}

/** Words behind which a table stands. */
const introduces = new Set([
  'from',
  'join',
  'into',
  'update',
  'summarize',
  'describe',
  'desc',
  'show',
  'pivot',
  'pivot_wider',
  'unpivot',
  'pivot_longer',
  'using',
  'copy',
  'table',
]);
/** Words that may stand between those and the table. */
const passedOver = new Set(['lateral', 'only', 'if', 'not', 'exists']);
/** Words that end the list behind FROM. */
const endsList = new Set(
  'where group order having limit offset qualify window union intersect except select set values returning sample'.split(
    ' ',
  ),
);

/** A name that is the file of that name where there is no such table. */
const dataFile = /\.(?:csv|tsv|txt|json|jsonl|ndjson|parquet)(?:\.\w+)?$/i;

class Reader {
  readonly #tokens: readonly Token[];
  readonly #found = {
    tables: [] as SqlName[],
    made: [] as SqlName[],
    parameters: [] as SqlName[],
    read: [] as SqlName[],
    written: [] as SqlName[],
    writesMore: false,
  };
  /** For each open bracket, and for none: whether a comma goes on with a list of tables. */
  readonly #lists: boolean[] = [false];
  #statement = '';
  #expects = false;

  constructor(sql: string) {
    this.#tokens = tokensOf(sql);
  }

  read(): SqlNames {
    for (let at = 0; at < this.#tokens.length; at++) at = this.#take(at);
    return this.#found;
  }

  #take(at: number): number {
    const one = this.#tokens[at] as Token;
    const lower = one.kind === 'word' ? one.name.toLowerCase() : '';
    if (one.kind === 'parameter') this.#found.parameters.push(one);
    else if (one.kind === 'sign') this.#sign(one.name);
    else if (lower === 'create') return this.#create(at);
    else if (this.#expects && !passedOver.has(lower)) return this.#table(at);
    else if (lower !== '') this.#word(lower, at);
    else if (one.kind === 'text') this.#file(one, at);
    return at;
  }

  #sign(sign: string): void {
    const last = this.#lists.length - 1;
    if (sign === '(') {
      this.#lists.push(false);
      this.#expects = false;
    } else if (sign === ')') {
      if (last > 0) this.#lists.pop();
      this.#expects = false;
    } else if (sign === ',') this.#expects = this.#lists[last] === true;
    else if (sign === ';') {
      this.#lists.splice(0, last + 1, false);
      this.#expects = false;
      this.#statement = '';
    }
  }

  #word(lower: string, at: number): void {
    if (this.#statement === '') this.#statement = lower;
    if (lower === 'copy') this.#statement = lower;
    const isComputed = lower === 'to' && this.#statement === 'copy' && this.#tokens[at + 1]?.kind !== 'text';
    if (lower === 'attach' || lower === 'export' || isComputed) this.#found.writesMore = true;
    const last = this.#lists.length - 1;
    if (endsList.has(lower)) this.#lists[last] = false;
    // `EXTRACT(year FROM at)`, `IS DISTINCT FROM b`: what follows is no table, and to look for it is no harm.
    if (introduces.has(lower) && !(lower === 'copy' && this.#tokens[at + 1]?.name === '(')) {
      // The table of COPY stands before it, and a file behind.
      this.#expects = !(this.#statement === 'copy' && lower === 'from' && last === 0);
      if (lower === 'from' || lower === 'join') this.#lists[last] = true;
    }
  }

  /** What stands where a table is expected: a name, a text that is a file, or a function with files. */
  #table(at: number): number {
    this.#expects = false;
    const one = this.#tokens[at] as Token;
    if (one.kind === 'text') {
      this.#found.read.push(one);
      return at;
    }
    const next = this.#tokens[at + 1]?.name;
    if (next === '(') return this.#function(at + 1);
    const whole = next === '.' ? this.#dotted(at) : one;
    if (whole.kind !== 'sign' && dataFile.test(whole.name)) {
      this.#found.read.push(whole);
      return next === '.' ? at + 2 : at;
    }
    if (next !== '.' && !endsList.has(one.name.toLowerCase())) this.#found.tables.push(one);
    else if (next !== '.') this.#word(one.name.toLowerCase(), at);
    return at;
  }

  /** A name with a dot in it as one. */
  #dotted(at: number): Token {
    const [one, last] = [this.#tokens[at], this.#tokens[at + 2]] as [Token, Token | undefined];
    return last === undefined ? one : { ...one, name: `${one.name}.${last.name}`, to: last.to };
  }

  /** The texts among the first arguments of a table's function, in a list or alone. @param at the place of its bracket */
  #function(at: number): number {
    let end = at + 1;
    for (; end < this.#tokens.length; end++) {
      const { kind, name } = this.#tokens[end] as Token;
      if (kind === 'text') this.#found.read.push(this.#tokens[end] as Token);
      else if (kind === 'parameter') this.#found.parameters.push(this.#tokens[end] as Token);
      else if (!['[', ']', ','].includes(name)) break;
    }
    // An option has a name before its text.
    this.#lists.push(false);
    return end - 1;
  }

  #create(at: number): number {
    this.#statement = 'create';
    let next = at + 1;
    const word = (): string => this.#tokens[next]?.name.toLowerCase() ?? '';
    while (['or', 'replace', 'temp', 'temporary', 'recursive'].includes(word())) next++;
    if (word() !== 'table' && word() !== 'view') return at;
    next++;
    while (passedOver.has(word())) next++;
    const made = this.#tokens[next];
    if (made === undefined || made.kind === 'sign') return at;
    this.#found.made.push(made);
    return next;
  }

  /** A text outside of a list of tables: the file of COPY, ATTACH and their like. */
  #file(one: Token, at: number): void {
    const before = this.#tokens[at - 1]?.name.toLowerCase() ?? '';
    if (before === 'to') this.#found.written.push(one);
    else if (this.#statement === 'copy' && before === 'from') this.#found.read.push(one);
  }
}

/** Reads a text in SQL, of DuckDB's dialect or another. */
export function namesInSql(sql: string): SqlNames {
  return new Reader(sql).read();
}
