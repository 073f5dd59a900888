import { execFileSync, spawnSync } from 'node:child_process';
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

  /** The task command of the project, with words, and variables of the environment last. */
  task(...words: readonly (string | Readonly<Record<string, string>>)[]): {
    readonly code: number | null;
    readonly err: string;
  } {
    const script = this.at('project', 'bundle', 'worker', 'task.py');
    const last = words.at(-1);
    const env = { ...this.#environment, ...(typeof last === 'object' ? last : {}) };
    const plain = words.filter((word) => typeof word === 'string');
    const done = spawnSync(python, [script, ...plain], { encoding: 'utf8', env, cwd: this.folder });
    return { code: done.status, err: done.stderr };
  }
}

/** What Restart & Run All gives for these notebooks, written to the second of each pair. */
export function runAll(pairs: readonly string[]): void {
  execFileSync(python, [path.join(root, 'test', 'equivalence', 'plain.py'), ...pairs], { stdio: 'pipe' });
}
