/** A file that a shell script names where it opens it. */
export interface ShellFile {
  readonly path: string;
  readonly access: 'read' | 'write';
  /** The line of the script, from 0, and the place in it in UTF-16 units. */
  readonly line: number;
  readonly column: number;
}

const redirection = /(?:^|[^<>&=$\\-])(?:\d|&)?(>>|>\||>|<)(?![<>&(=])\s*("[^"]*"|'[^']*'|[^\s;|&<>()]+)/g;

/**
 * Files that a script of a shell reads or writes by redirection (`<`, `>`, `>>`), where their names are plain text. It is for predictions:
 * what a program does beside that nobody can read there. A script that changes its folder names files from there, so nothing is told of it.
 */
export function filesOfShell(script: string): readonly ShellFile[] {
  if (/(?:^|[;&|(]|\bdo|\bthen)\s*(?:cd|pushd)\b/m.test(script)) return [];
  const found: ShellFile[] = [];
  let until: string | undefined;
  for (const [line, whole] of script.split('\n').entries()) {
    if (until !== undefined) {
      if (whole.trim() === until) until = undefined;
      continue;
    }
    const text = whole.replace(/(^|\s)#.*$/, '$1');
    const bare = text.replace(/"[^"]*"|'[^']*'/g, (quoted, at: number) =>
      /[<>]\s*$/.test(text.slice(0, at)) ? quoted : '_'.repeat(quoted.length),
    );
    for (const match of bare.matchAll(redirection)) {
      const [all, mark = '', written = ''] = match;
      const path = written.replace(/^(["'])(.*)\1$/, '$2');
      if (path === '' || /[$`*?[\]{}~\\]/.test(path) || path.startsWith('/dev/')) continue;
      const column = match.index + all.length - written.length;
      found.push({ path, access: mark === '<' ? 'read' : 'write', line, column });
    }
    [, until] = /<<-?\s*["']?(\w+)["']?/.exec(text) ?? [undefined, undefined];
  }
  return found;
}
