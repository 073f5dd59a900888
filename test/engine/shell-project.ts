import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { EffectsProfile } from '../../compiler/bundle/effects-profile.ts';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { outputsOf } from '../equivalence/normalise.ts';
import { python, root } from '../environment.ts';

/** How a run of a shell project ended. */
export interface ShellRun {
  readonly code: number | null;
  readonly err: string;
  /** The outputs of every cell; empty where no notebook was written. */
  readonly outputs: readonly unknown[];
}

/** How a step ended. */
export interface TaskRun {
  readonly code: number | null;
  readonly err: string;
}

/** A notebook, called `notebook.ipynb`, in a folder of its own, and what is emitted from it into `project`. */
export class ShellProject {
  readonly folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(folder: string) {
    this.folder = folder;
    const own = { XDG_CACHE_HOME: path.join(folder, '..', 'cache'), IPYTHONDIR: path.join(folder, '..', 'ipython') };
    this.#environment = { ...process.env, CELLWRIGHT_KEEP_WARM: '0', CELLWRIGHT_PYTHON: python, ...own };
  }

  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  cli(...words: string[]): string {
    const program = path.join(root, 'dist', 'cellwright.mjs');
    const done = spawnSync('node', [program, ...words], { encoding: 'utf8', env: this.#environment, cwd: this.folder });
    expect([0, 1], done.stderr).toContain(done.status);
    return done.stdout;
  }

  /** One local run of a copy, and what it observed. */
  observe(copy: string): EffectsProfile {
    this.cli('run', copy, '--python', python, '--state', this.at('state'), '-o', this.at('local.ipynb'));
    this.cli('profile', copy, '--state', this.at('state'), '-o', this.at('notebook.effects.json'));
    return JSON.parse(readFileSync(this.at('notebook.effects.json'), 'utf8')) as EffectsProfile;
  }

  /** Another profile than runs would give. */
  claim(profile: EffectsProfile): void {
    writeFileSync(this.at('notebook.effects.json'), JSON.stringify(profile));
  }

  emit(...words: string[]): EnginePlan {
    this.cli('emit', 'notebook.ipynb', '--target', 'shell', '-o', 'project', ...words);
    return JSON.parse(readFileSync(this.at('project', 'bundle', 'plan.json'), 'utf8')) as EnginePlan;
  }

  run(variables: Readonly<Record<string, string>> = {}): ShellRun {
    const env = { ...this.#environment, ...variables };
    const done = spawnSync('sh', [this.at('project', 'run.sh')], { encoding: 'utf8', env, cwd: this.folder });
    const executed = this.at('project', 'executed.ipynb');
    return { code: done.status, err: done.stderr, outputs: existsSync(executed) ? outputsOf(executed) : [] };
  }

  /** The same while this process goes on. */
  async runLater(variables: Readonly<Record<string, string>>): Promise<ShellRun> {
    const ended = await this.#spawn('sh', [this.at('project', 'run.sh')], variables);
    const executed = this.at('project', 'executed.ipynb');
    return { ...ended, outputs: existsSync(executed) ? outputsOf(executed) : [] };
  }

  async #spawn(
    program: string,
    words: readonly string[],
    variables: Readonly<Record<string, string>>,
  ): Promise<TaskRun> {
    const env = { ...this.#environment, ...variables };
    const child = spawn(program, words, { env, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, err };
  }

  /** The name of the step of a cell. */
  stepAt(place: number): string {
    const plan = JSON.parse(readFileSync(this.at('project', 'bundle', 'plan.json'), 'utf8')) as EnginePlan;
    return plan.cells[place]?.step ?? '';
  }

  /** The task command of the project, with words, and variables of the environment last. */
  task(...words: readonly (string | Readonly<Record<string, string>>)[]): TaskRun {
    const { program, plain, env } = this.#taskOf(words);
    const done = spawnSync(program, plain, { encoding: 'utf8', env, cwd: this.folder });
    return { code: done.status, err: done.stderr };
  }

  /** The same while this process goes on. */
  async taskLater(...words: readonly (string | Readonly<Record<string, string>>)[]): Promise<TaskRun> {
    const { program, plain, variables } = this.#taskOf(words);
    return await this.#spawn(program, plain, variables);
  }

  #taskOf(words: readonly (string | Readonly<Record<string, string>>)[]): {
    program: string;
    plain: string[];
    variables: Readonly<Record<string, string>>;
    env: NodeJS.ProcessEnv;
  } {
    const last = words.at(-1);
    const variables = typeof last === 'object' ? last : {};
    const script = this.at('project', 'bundle', 'worker', 'task.py');
    const plain = [script, ...words.filter((word) => typeof word === 'string')];
    const env = { ...this.#environment, ...variables };
    return { program: env['CELLWRIGHT_PYTHON'] ?? python, plain, variables, env };
  }
}

/** What Restart & Run All gives for these notebooks, written to the second of each pair. */
export function runAll(pairs: readonly string[]): void {
  execFileSync(python, [path.join(root, 'test', 'equivalence', 'plain.py'), ...pairs], { stdio: 'pipe' });
}
