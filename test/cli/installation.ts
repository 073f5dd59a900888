import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommandLine } from '../../extensions/cli/command-line.ts';
import { python, root } from '../environment.ts';

/** What a command line gave. */
export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with the program's files as the build lays them out, and a folder to work in. */
export interface Workplace {
  readonly folder: string;
  /** Where the program's files are. */
  readonly installation: string;
  call(...words: string[]): Promise<Called>;
  /** What is answered at the terminal; undefined: nobody is there. */
  answer: string | undefined;
  /** What the next calls find on standard input. */
  input: string;
  /** Variables of the environment that the next calls have beside those of the tests. */
  variables: Readonly<Record<string, string>>;
  /** Writes a notebook in percent format. */
  write(name: string, text: string): void;
  remove(): void;
}

/** Makes an empty workplace with a store of its own. */
export function makeWorkplace(): Workplace {
  const base = mkdtempSync(path.join(tmpdir(), 'cellwright-cli-'));
  const installation = path.join(base, 'dist');
  const folder = path.join(base, 'work');
  mkdirSync(installation);
  mkdirSync(folder);
  for (const file of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-python/tree-sitter-python.wasm']) {
    cpSync(path.join(root, 'node_modules', file), path.join(installation, path.basename(file)));
  }
  cpSync(path.join(root, 'runtime', 'python'), path.join(installation, 'python'), { recursive: true });
  const place: Workplace = {
    folder,
    answer: undefined,
    installation,
    input: '',
    variables: {},
    call: async (...words) => {
      let out = '';
      let err = '';
      const answering = (question: string): string => {
        err += question;
        return place.answer ?? '';
      };
      const code = await runCommandLine(words, {
        cwd: folder,
        environment: {
          ...process.env,
          XDG_CACHE_HOME: path.join(base, 'cache'),
          PATH: `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`,
          ...place.variables,
        },
        installation,
        isTerminal: false,
        columns: 80,
        hasColours: false,
        interruption: () => new AbortController().signal,
        ...(place.answer === undefined ? {} : { ask: answering }),
        readInput: () => new TextEncoder().encode(place.input),
        out: (text) => (out += text),
        err: (text) => (err += text),
      });
      return { code, out, err };
    },
    write: (name, text) => {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    },
    remove: () => rmSync(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
  return place;
}
