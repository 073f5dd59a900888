import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { EnginePlan } from '../../compiler/bundle/engine-plan.ts';
import { EmittedProject, type Said } from './emitted-project.ts';

/** The document of `run --on flyte --json`, as far as tests ask for it. */
export interface RunDocument {
  readonly flyte: {
    readonly steps: readonly { readonly name: string; readonly status: string; readonly error?: string }[];
  };
}

/** A notebook in a folder of its own, with a home where Flyte and this program keep what they remember. */
export class FlyteProject extends EmittedProject {
  async onFlyte(...words: string[]): Promise<Said & { readonly document: RunDocument }> {
    const place = ['--python', this.python, '--state', 'state', '-o', 'flyte.ipynb'];
    const said = await this.cli('run', 'notebook.ipynb', '--on', 'flyte', '--json', ...place, ...words);
    return { ...said, document: JSON.parse(said.out) as RunDocument };
  }

  async emitted(...words: string[]): Promise<EnginePlan> {
    return await this.emit('flyte', ...words);
  }

  /** What flytekit makes of the project: a file for each entity. */
  serialize(): readonly string[] {
    const folder = this.at('serialized');
    mkdirSync(folder, { recursive: true });
    const words = ['--pkgs', 'workflow', 'serialize', '--image', 'example.org/notebook:1', 'workflows', '-f', folder];
    const said = spawnSync(path.join(path.dirname(this.python), 'pyflyte'), words, {
      ...{ cwd: this.at('project'), env: this.environment, encoding: 'utf8' },
    });
    if (said.status !== 0) throw new Error(said.stdout + said.stderr);
    return readdirSync(folder)
      .sort()
      .map((name) => path.join(folder, name));
  }
}
