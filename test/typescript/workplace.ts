import { buildSync } from 'esbuild';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { makeWorkplace, type Workplace } from '../cli/installation.ts';
import { root } from '../environment.ts';

/** Deno of the tests: the package that `npm install` brings, else the one on the path; undefined where there is none. */
export const deno: string | undefined = findDeno();

function findDeno(): string | undefined {
  const packages = join(root, 'node_modules', '@deno');
  const builds = existsSync(packages) ? readdirSync(packages).map((name) => join(packages, name, 'deno')) : [];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'deno'));
  const found = [...builds, ...onPath].find((file) => existsSync(file));
  if (found === undefined) process.stderr.write('No Deno: the tests of notebooks in TypeScript are left out.\n');
  return found;
}

/** A workplace in which notebooks of Deno's kernel run. */
export function makeDenoPlace(): Workplace {
  const place = makeWorkplace();
  const programs = { worker: 'node/worker', 'stored-inputs': 'node/stored-inputs', steps: 'javascript/serve-steps' };
  for (const [name, source] of Object.entries(programs))
    buildSync({
      entryPoints: [join(root, 'runtime', `${source}.ts`)],
      outfile: join(place.installation, 'node', `${name}.mjs`),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
    });
  place.variables = { PATH: `${dirname(deno ?? '')}${delimiter}${process.env['PATH'] ?? ''}` };
  return place;
}

/** Text of a notebook of Deno's kernel with these code cells, which may begin with a line of tags: `//: parameters`. */
export function denoNotebook(...sources: readonly string[]): string {
  const cells = sources.map((text, place) => {
    const [, words] = /^\/\/: (.*)\n/.exec(text) ?? [];
    const source = text.replace(/^\/\/: .*\n/, '');
    const metadata = words === undefined ? {} : { tags: words.split(' ') };
    return { cell_type: 'code', id: `c${String(place + 1)}`, metadata, source, outputs: [], execution_count: null };
  });
  const kernelspec = { name: 'deno', display_name: 'Deno', language: 'typescript' };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

interface Output {
  readonly output_type: string;
  readonly text?: readonly string[];
  readonly data?: Readonly<Record<string, string | readonly string[]>>;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** What each code cell of an executed notebook shows, as a line without colours. */
export function shownIn(file: string): readonly string[] {
  const { cells } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly cells: readonly { readonly cell_type: string; readonly outputs?: readonly Output[] }[];
  };
  const code = cells.filter(({ cell_type }) => cell_type === 'code');
  return code.map(({ outputs = [] }) => outputs.map(shownBy).join(' | '));
}

function shownBy({ output_type, text = [], data = {}, ename = '', evalue = '' }: Output): string {
  if (output_type === 'stream') return text.join('').trim();
  if (output_type === 'error') return `${ename}: ${evalue}`;
  const [first = ''] = Object.values(data);
  const whole = typeof first === 'string' ? first : first.join('');
  return whole.replaceAll(/\u001B\[[0-9;]*m/g, '');
}
