/** Where a line of Python stands: how many brackets are open, and the quote of the string it is in. */
export interface LineState {
  depth: number;
  quote: string;
}

/** The state before the first line. */
export function startOfLine(): LineState {
  return { depth: 0, quote: '' };
}

/** True when the next letter is inside a string. */
export function isQuoted(state: LineState): boolean {
  return state.quote !== '';
}

/** Follows brackets and strings over one line, so that the next line is known to start a statement or not. */
export function scanLine(state: LineState, line: string): void {
  scan(state, line, () => false);
  // Only a string of three quotes, or a backslash, goes on in the next line.
  if (state.quote.length === 1 && !line.endsWith('\\')) state.quote = '';
}

/** As {@link scanLine}; gives the line's letters outside of strings and comments. */
export function scanCode(state: LineState, line: string): string {
  let code = '';
  scan(state, line, (letter) => {
    code += letter;
    return false;
  });
  if (state.quote.length === 1 && !line.endsWith('\\')) state.quote = '';
  return code;
}

/** True when every bracket and string of the text is closed. */
export function isComplete(text: string): boolean {
  const state = startOfLine();
  scan(state, text, () => false);
  return state.depth === 0 && state.quote === '';
}

/** True when the text ends inside a string. */
export function isInString(text: string): boolean {
  const state = startOfLine();
  scan(state, text, () => false);
  return state.quote !== '';
}

/** True when the line ends in a comment. */
export function isComment(line: string): boolean {
  return scan(startOfLine(), line, () => false) !== undefined;
}

/** Where a statement ends in a text: at a comment or a semicolon outside of brackets and strings, else at the end. */
export function statementEnd(text: string): number {
  const state = startOfLine();
  let from = 0;
  for (const line of text.split('\n')) {
    const place = scan(state, line, (letter) => letter === ';' && state.depth === 0);
    // Inside brackets a comment ends its line only.
    if (place !== undefined && state.depth === 0) return from + place;
    from += line.length + 1;
  }
  return text.length;
}

/** The place of the `=` of an assignment outside of brackets and strings: the first `=` that is no part of another operator. */
export function firstAssignment(line: string): number | undefined {
  const state = startOfLine();
  const place = scan(state, line, (letter) => letter === '=' && state.depth === 0);
  if (place === undefined || line[place] !== '=') return undefined;
  return line[place + 1] === '=' || /[=!<>+\-*/%&|^@:]/.test(line[place - 1] ?? '') ? undefined : place;
}

/** Goes over the letters outside of strings until `stop` says so or a comment starts; gives the place of either. */
function scan(state: LineState, line: string, stop: (letter: string) => boolean): number | undefined {
  for (let place = 0; place < line.length; place++) {
    const letter = line[place] ?? '';
    if (state.quote !== '') {
      if (letter === '\\') place++;
      else if (line.startsWith(state.quote, place)) {
        place += state.quote.length - 1;
        state.quote = '';
      }
    } else if (letter === '#' || stop(letter)) return place;
    else if (letter === '"' || letter === "'") {
      state.quote = line.startsWith(letter.repeat(3), place) ? letter.repeat(3) : letter;
      place += state.quote.length - 1;
    } else if ('([{'.includes(letter)) state.depth++;
    else if (')]}'.includes(letter)) state.depth = Math.max(0, state.depth - 1);
  }
  return undefined;
}
