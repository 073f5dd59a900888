import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { splitCells, writeCells } from '../../build/cases.mjs';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { root } from '../environment.ts';

const execute = promisify(execFile);

/** How a command ended. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A notebook in a folder of its own, with a home where engines and this program keep what they remember. */
export class EmittedProject {
  readonly folder: string;
  readonly python: string;
  readonly environment: NodeJS.ProcessEnv;

  /** @param text cells separated by `---`; the one that starts with `#tags: parameters` has the parameters */
  constructor(folder: string, python: string, text: string) {
    this.folder = folder;
    this.python = python;
    mkdirSync(folder, { recursive: true });
    writeCells(this.at('notebook.ipynb'), splitCells(text));
    tagParameters(this.at('notebook.ipynb'));
    const home = this.at('home');
    mkdirSync(home);
    this.environment = {
      ...process.env,
      HOME: home,
      XDG_CACHE_HOME: path.join(home, 'cache'),
      IPYTHONDIR: path.join(home, 'ipython'),
      CELLWRIGHT_KEEP_WARM: '0',
      PATH: `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    };
  }

  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** This program. */
  async cli(...words: string[]): Promise<Said> {
    return this.call(process.execPath, [path.join(root, 'dist', 'cellwright.mjs'), ...words]);
  }

  async call(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Said> {
    const options = { cwd: this.folder, env: { ...this.environment, ...environment }, maxBuffer: 1 << 26 };
    try {
      const { stdout, stderr } = await execute(program, words, options);
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  }

  /** A run on this machine, which is what the plan is made from. */
  async observe(): Promise<void> {
    await this.cli('run', 'notebook.ipynb', '--python', this.python, '--state', 'state', '-o', 'local.ipynb');
    await this.cli('profile', 'notebook.ipynb', '--state', 'state');
  }

  /** Writes the project of an engine into the folder `project`. */
  async emit(target: string, ...words: string[]): Promise<EnginePlan> {
    const said = await this.cli('emit', 'notebook.ipynb', '--target', target, '-o', 'project', ...words);
    if (said.code !== 0) throw new Error(said.err);
    return JSON.parse(readFileSync(this.at('project', 'bundle', 'plan.json'), 'utf8')) as EnginePlan;
  }

  /** What Restart & Run All gives. */
  runAll(interpreter = this.python): string {
    const file = this.at('plain.ipynb');
    const script = path.join(root, 'test', 'equivalence', 'plain.py');
    execFileSync(interpreter, [script, this.at('notebook.ipynb'), file], { env: this.environment, stdio: 'pipe' });
    return file;
  }
}

interface TaggedCell {
  source: string | string[];
  metadata: Record<string, unknown>;
}

function tagParameters(file: string): void {
  const notebook = JSON.parse(readFileSync(file, 'utf8')) as { cells: TaggedCell[] };
  for (const cell of notebook.cells) {
    const text = [cell.source].flat().join('');
    if (text.startsWith('#tags: parameters')) cell.metadata['tags'] = ['parameters'];
  }
  writeFileSync(file, JSON.stringify(notebook));
}
