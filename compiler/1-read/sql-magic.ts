import type { MagicWords } from './magic-words.ts';
import { namesInSql } from './sql-text.ts';

/** Options of jupysql and ipython-sql that take no word. */
const alone = new Set(
  '-l --connections -n --no-index -c --close -p --persist --append --persist-replace --no-execute --interact -a --connection_arguments'.split(
    ' ',
  ),
);

/**
 * What `%sql` and `%%sql` of jupysql and ipython-sql name: `out <<` binds; names in `{{…}}`, `{…}`, behind `:` and `$`, and of frames behind FROM are looked up, and
 * files are read. Views, snippets and settings of earlier cells may name more, so nothing is left out by this.
 * @param text the words of the line, and below them the lines of the cell
 */
export function readSqlMagic(text: string): Pick<MagicWords, 'binds' | 'reads' | 'files'> {
  const [line = '', ...below] = text.split('\n');
  const [, out, rest = line] = /^\s*([A-Za-z_]\w*)\s*=?\s*<<\s*(.*)$/.exec(line) ?? [];
  const words = rest.trim().split(/\s+/).filter(Boolean);
  let at = 0;
  while (words[at]?.startsWith('-') === true && words[at] !== '--')
    at += alone.has(words[at] ?? '') || (words[at] ?? '').includes('=') ? 1 : 2;
  // A connection of the notebook, or a frame that is written to a table.
  const first = words.slice(0, at + 1).filter((word) => /^[A-Za-z_]\w*$/.test(word));
  const query = [rest, ...below]
    .join('\n')
    .replaceAll(/\{\{[^]*?\}\}|\{%[^]*?%\}/g, (inside) => ' '.repeat(inside.length));
  const { tables, read } = namesInSql(query);
  const substituted = [...text.matchAll(/\{([^{}]*)\}|(?<![:\w]):([A-Za-z_]\w*)|\$\{?([A-Za-z_]\w*)/g)].flatMap(
    ([, inside = '', value = '', shell = '']) => [...(inside.match(/(?<![\w.'"])[A-Za-z_]\w*/g) ?? []), value, shell],
  );
  const isLocal = (path: string): boolean => path !== '' && !/[{}$*?[]|^\w+:\/\//.test(path);
  return {
    binds: out === undefined ? [] : [out],
    reads: [...new Set([...first, ...tables.map(({ name }) => name), ...substituted])].filter(
      (name) => name !== '' && name !== out,
    ),
    files: read.filter(({ name }) => isLocal(name)).map(({ name }) => ({ path: name, access: 'read' as const })),
  };
}
