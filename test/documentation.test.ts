/** What the documentation shows is what there is: commands, flags, files, and output where it costs little to have it again. */
import { cpSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './cli/installation.ts';
import { root } from './environment.ts';

const pages = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
  ...readdirSync(path.join(root, 'samples')).map((name) => path.join('samples', name, 'README.md')),
];

interface Shown {
  /** Without `cellwright`, as a shell gives them. */
  readonly words: readonly string[];
  /** What stands below it, up to the next command; empty where only the command is shown. */
  readonly output: readonly string[];
}

/** Every command of an indented block, with its output where a `$` stands before it. */
function commandsIn(page: string): readonly Shown[] {
  const found: { words: readonly string[]; output: string[] }[] = [];
  let current: string[] | undefined;
  for (const line of readFileSync(path.join(root, page), 'utf8').split('\n')) {
    const [, prompt, command] = /^ {4}(\$ )?(?:npx )?cellwright (\S.*)$/.exec(line) ?? [];
    if (command !== undefined) {
      current = prompt === undefined ? undefined : [];
      found.push({ words: wordsOf(command), output: current ?? [] });
    } else if (line.startsWith('    ')) current?.push(line.slice(4));
    else if (line !== '') current = undefined;
  }
  return found;
}

function wordsOf(command: string): readonly string[] {
  const bare = command.replace(/ +#.*$/, '').replace(/ && .*$/, '');
  return [...bare.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  cpSync(path.join(root, 'samples'), path.join(place.folder, 'samples'), { recursive: true });
});
afterAll(() => {
  place.remove();
});

describe.each(pages)('%s', (page) => {
  test('links to files that are there', () => {
    const text = readFileSync(path.join(root, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map(([, target = '']) => target);
    const gone = targets.filter(
      (target) => !/^[a-z]+:/.test(target) && !existsSync(path.join(root, path.dirname(page), target)),
    );
    expect(gone).toEqual([]);
  });

  test('shows commands and flags that there are', async () => {
    for (const { words } of commandsIn(page)) {
      const [command = ''] = words;
      const { code, out } = await place.call(command, '--help');
      expect({ page, words, code }).toEqual({ page, words, code: 0 });
      // `-5` is a number, `[-o DIR]` is how a flag is described.
      const flags = words.flatMap((word) => /^\[?(--?[a-z][a-z-]*)/i.exec(word)?.[1] ?? []);
      const unknown = flags.filter((flag) => !new RegExp(`(?:^|[\\s,])${flag}(?![\\w-])`, 'm').test(out));
      expect({ page, words, unknown }).toEqual({ page, words, unknown: [] });
    }
  });
});

/** True for what runs no cell. */
function isCheap({ words, output }: Shown): boolean {
  return output.length > 0 && (words[0] === 'compile' || words.includes('orign') || words.includes('lr=0.3'));
}

const cheap = pages.flatMap((page) => commandsIn(page).filter(isCheap));

test('there is output to compare', () => {
  expect(cheap.length).toBeGreaterThan(1);
});

test.each(cheap)('the output of $words is as shown', async ({ words, output }) => {
  const { out, err } = await place.call(...words);
  const printed = `${out}${err}`.split('\n').map((line) => line.trimEnd());
  const expected = output.filter((line) => line.trim() !== '' && line.trim() !== '…').map((line) => line.trimEnd());
  expect(expected.filter((line) => !printed.includes(line))).toEqual([]);
});
