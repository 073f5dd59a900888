import { wordsOf, type MixedCell } from '../../../1-read/mixed-cell.ts';
import { literal, rangeOfWords, refused, type Lowered } from './lowering.ts';

/** `%%writefile [-a] FILE`: the lines below become the file, or its end, with the words that IPython says of it. */
export function lowerWritefile(cell: MixedCell): Lowered {
  const words = wordsOf(cell.words);
  const option = words.find(({ text }) => text.startsWith('-') && text !== '-a' && text !== '--append');
  if (option !== undefined)
    return refused(
      rangeOfWords(cell, option),
      `%%${cell.name} has no option ${option.text}.`,
      'It has -a, which appends.',
    );
  const [file, more] = words.filter(({ text }) => !text.startsWith('-'));
  if (file === undefined || file.text === '')
    return refused(rangeOfWords(cell), `%%${cell.name} names no file.`, `Name it: %%${cell.name} notes.txt`);
  if (more !== undefined)
    return refused(
      rangeOfWords(cell, more),
      `%%${cell.name} writes one file.`,
      'Put a name with spaces between quotes.',
    );
  if (/[{}]|\$\w/.test(file.text)) {
    const help = 'Write the name itself, or write the file with Deno.writeTextFile in a cell of TypeScript.';
    return refused(rangeOfWords(cell, file), `No variable is put into the name ${file.text}.`, help);
  }
  const append = words.some(({ text }) => text === '-a' || text === '--append');
  const [range, reason] = [rangeOfWords(cell, file), `%%${cell.name} ${file.text}`];
  return {
    ok: true,
    value: {
      text: textFor(file.text, cell.body, append),
      binds: [],
      reads: [],
      files: [{ path: file.text, access: 'write', range, reason }],
      outside: [{ outside: 'file-write', range, reason }],
      // What an appended file had before is part of what it has then; where a home is, the variable says.
      ...(!append && !file.text.startsWith('~/') && { looksFor: file.text }),
    },
  };
}

function textFor(name: string, body: string, append: boolean): string {
  const path = name.startsWith('~/') ? `(Deno.env.get("HOME") ?? "~") + ${literal(name.slice(1))}` : literal(name);
  const said = append
    ? 'Appending to'
    : '${await Deno.stat(path).then(() => "Overwriting", (error) => { if (error instanceof Deno.errors.NotFound) return "Writing"; throw error; })}';
  return [
    'await (async () => {',
    `  const path = ${path};`,
    `  console.log(\`${said} \${path}\`);`,
    `  await Deno.writeTextFile(path, ${literal(body)}${append ? ', { append: true }' : ''});`,
    '})();',
  ].join('\n');
}
