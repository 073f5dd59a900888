import { wordsOf, type MixedCell, type Word } from '../../../1-read/mixed-cell.ts';
import { filesOfShell } from '../../../1-read/shell-files.ts';
import type { FileUse, NameUse } from '../../effects.ts';
import { isIdentifier, literal, rangeOfWords, refused, type Lowered } from './lowering.ts';

const known = ['--out', '--err', '--no-raise-error'];

interface Options {
  readonly out?: Word;
  readonly err?: Word;
  readonly raises: boolean;
  /** For the shell itself. */
  readonly rest: readonly string[];
}

/** `%%bash` and `%%sh`: the lines below go to the shell, and what it says is shown as it says it. */
export function lowerShell(cell: MixedCell): Lowered {
  const options = readOptions(cell);
  if ('ok' in options) return options;
  const names = [options.out, options.err];
  const bad = names.find((word) => word !== undefined && !isIdentifier(word.text));
  if (bad !== undefined)
    return refused(rangeOfWords(cell, bad), `${bad.text} names no variable.`, 'Name one: --out said');
  const label = `%%${cell.name}`;
  const binds = names.flatMap((word): readonly NameUse[] =>
    word === undefined
      ? []
      : [{ name: word.text, range: rangeOfWords(cell, word), certainty: 'must', assumed: false, reason: label }],
  );
  const files = filesOfShell(cell.body).map(({ path, access, line, column }): FileUse => {
    const start = { line: cell.line + 1 + line, column };
    return {
      path,
      access,
      range: { start, end: { ...start, column: column + path.length } },
      reason: `${label} ${path}`,
    };
  });
  return {
    ok: true,
    value: {
      text: textFor(cell, options),
      binds,
      reads: [],
      files,
      outside: [{ outside: 'subprocess', range: rangeOfWords(cell), reason: label }],
    },
  };
}

function readOptions(cell: MixedCell): Options | Lowered {
  const words = wordsOf(cell.words);
  const rest: string[] = [];
  let [out, err, raises]: [Word | undefined, Word | undefined, boolean] = [undefined, undefined, true];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const [, option = word.text, value] = /^(--\w+)=(.*)$/.exec(word.text) ?? [];
    if (option === '--no-raise-error') raises = false;
    else if (option === '--out' || option === '--err') {
      const named = value === undefined ? words[++at] : { ...word, text: value };
      if (named === undefined)
        return refused(rangeOfWords(cell, word), `${option} names no variable.`, `Name one: ${option} said`);
      if (option === '--out') out = named;
      else err = named;
    } else if (option === '--bg' || option === '--proc' || option.startsWith('--no-')) {
      const help = `Known are ${known.join(', ')}; every other word goes to the shell.`;
      return refused(rangeOfWords(cell, word), `%%${cell.name} has no option ${option} here.`, help);
    } else rest.push(word.text);
  }
  return { ...(out !== undefined && { out }), ...(err !== undefined && { err }), raises, rest };
}

function textFor({ name, body }: MixedCell, { out, err, raises, rest }: Options): string {
  const declared = [out === undefined ? '' : `out: ${out.text}`, err === undefined ? '' : `err: ${err.text}`].filter(
    Boolean,
  );
  const start =
    declared.length === 0
      ? 'await'
      : `let { ${declared.join(', ')} }: { ${declared.map((one) => `${one.slice(0, 3)}: string`).join('; ')} } = await`;
  const given = declared.length === 0 ? '' : `  return { out, err };`;
  return [
    `${start} (async () => {`,
    `  const shell = new Deno.Command(${literal(name)}, { args: ${literal(rest)}, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();`,
    '  const pass = async (stream: ReadableStream<Uint8Array>, name: string, isKept: boolean) => {',
    '    const decoder = new TextDecoder();',
    '    let kept = "";',
    '    const take = async (text: string) => {',
    '      if (isKept) kept += text;',
    '      else if (text !== "") await Deno.jupyter.broadcast("stream", { name, text });',
    '    };',
    '    const reader = stream.getReader();',
    '    for (;;) {',
    '      const { done, value } = await reader.read();',
    '      await take(decoder.decode(value, { stream: !done }));',
    '      if (done) return kept;',
    '    }',
    '  };',
    '  const tell = async () => {',
    '    const writer = shell.stdin.getWriter();',
    '    try {',
    `      await writer.write(new TextEncoder().encode(${literal(body)}));`,
    '      await writer.close();',
    '    } catch (error) {',
    '      // A script may end before the shell has read all of it.',
    '      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;',
    '    }',
    '  };',
    `  const [out, err, status] = await Promise.all([pass(shell.stdout, "stdout", ${String(out !== undefined)}), pass(shell.stderr, "stderr", ${String(err !== undefined)}), shell.status, tell()]);`,
    ...(raises
      ? [
          '  if (!status.success) {',
          `    const error = new Error(status.signal === null ? \`${name} returned non-zero exit status \${status.code}.\` : \`${name} died with \${status.signal}.\`);`,
          '    error.name = "CalledProcessError";',
          '    throw error;',
          '  }',
        ]
      : []),
    ...(given === '' ? [] : [given]),
    '})();',
  ].join('\n');
}
