import { isQuoted, scanLine, startOfLine } from './line-scan.ts';

const comments = '(?:# |#)*';
const magic = new RegExp(`^\\s*${comments}%{1,3}[a-zA-Z]`);
const forced = new RegExp(`^\\s*${comments}%{1,3}[a-zA-Z].*#\\s*escape`);
const exempt = new RegExp(`^\\s*${comments}%{1,3}[a-zA-Z].*#\\s*noescape`);
const shellOrHelp = /^\s*(?:(?:# |#)+\s*)?[?!]\s*[A-Za-z.~$\\/{}]/;
const assigned = new RegExp(`^${comments}\\s*[a-zA-Z_][a-zA-Z_$0-9]*\\s*=\\s*(?:%{1,3}|!)[a-zA-Z]`);
const helpAtEnd = /^\s*(?:# )*\S*\?\s*$/;
const posix = new RegExp(`^${comments}(?:cat|cd|cp|mv|rm|rmdir|mkdir|copy|ddir|echo|ls|ldir|ren)(?:$|\\s$|\\s[^=,])`);

/**
 * True when jupytext takes the line for a magic, commented out any number of times or not at all.
 * @param withHelp `name?` counts too, as it does in a cell that has a marker
 */
export function isCommandLine(line: string, withHelp: boolean): boolean {
  if (forced.test(line)) return true;
  if (exempt.test(line)) return false;
  // The pattern's search is quadratic, and no name is that long.
  const isHelp = withHelp && line.length < 1000 && helpAtEnd.test(line);
  return magic.test(line) || shellOrHelp.test(line) || assigned.test(line) || isHelp || posix.test(line);
}

/** Takes one `#` off the magics of a cell, and off the lines that go on with one. */
export function uncommentMagics(lines: readonly string[]): readonly string[] {
  const state = startOfLine();
  let goesOn = false;
  return lines.map((line) => {
    const isMagic = !isQuoted(state) && (goesOn || isCommandLine(line, true));
    scanLine(state, line);
    if (!isMagic) return line;
    goesOn = /\\\s*$/.test(line);
    return line.replace(/^(\s*)# ?/, '$1');
  });
}
