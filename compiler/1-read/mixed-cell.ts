/** A cell that begins with `%%name …` in a language whose kernel knows no such line. */
export interface MixedCell {
  /** Without the `%%`, as it is written. */
  readonly name: string;
  /** What stands behind the name on its line. */
  readonly words: string;
  /** The line of the `%%`, from 0. */
  readonly line: number;
  /** Where {@link words} begins in that line, in UTF-16 units. */
  readonly column: number;
  /** The lines below; not empty it ends with a newline, as IPython gives it to its magics. */
  readonly body: string;
}

const first = /^%%([^\s%]\S*)?([^\n]*)$/;

/** Takes such a cell apart; undefined for any other. Blank lines and comments, of which some may be directives, may come first. */
export function readMixedCell(source: string): MixedCell | undefined {
  if (!source.includes('%%')) return undefined;
  const lines = source.split(/\r\n|\r|\n/);
  const line = lines.findIndex((text) => text.trim() !== '' && !/^\s*\/\//.test(text));
  const found = first.exec(lines[line] ?? '');
  if (found === null) return undefined;
  const [, name = '', words = ''] = found;
  const body = lines.slice(line + 1).join('\n');
  return { name, words, line, column: 2 + name.length, body: body === '' || body.endsWith('\n') ? body : `${body}\n` };
}

/** A word of the first line, without its quotes, and where it stands in {@link MixedCell.words}. */
export interface Word {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** The words of a first line; quotes keep several together. */
export function wordsOf(line: string): readonly Word[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((found) => ({
    text: found[1] ?? found[2] ?? found[3] ?? '',
    from: found.index,
    to: found.index + found[0].length,
  }));
}
