import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { python, root } from '../environment.ts';
import { deno } from '../typescript/workplace.ts';
import { EmittedProject } from './emitted-project.ts';

/** The sample in TypeScript in a folder of its own, with Deno on the path. */
export function makeDenoProject(folder: string): EmittedProject {
  return withDenoSample(new EmittedProject(folder, python, 'pass\n'));
}

/** The same for a project that an engine has already: its notebook becomes the sample. */
export function withDenoSample<P extends EmittedProject>(project: P): P {
  cpSync(path.join(root, 'samples', 'typescript'), project.folder, { recursive: true });
  const { environment } = project;
  environment['PATH'] = `${path.dirname(deno ?? '')}${path.delimiter}${environment['PATH'] ?? ''}`;
  return project;
}

/** What Deno's own kernel gives for the notebook of a project. */
export function runInDeno(project: EmittedProject): string {
  const kernels = project.at('home', 'jupyter');
  mkdirSync(path.join(kernels, 'kernels', 'deno'), { recursive: true });
  const argv = [deno, 'jupyter', '--kernel', '--conn', '{connection_file}'];
  const kernel = { argv, display_name: 'Deno', language: 'typescript' };
  writeFileSync(path.join(kernels, 'kernels', 'deno', 'kernel.json'), JSON.stringify(kernel));
  const file = project.at('plain.ipynb');
  const words = [path.join(root, 'build', 'real_kernel.py'), project.at('notebook.ipynb'), file, project.folder, '120'];
  const env = { ...project.environment, JUPYTER_PATH: kernels };
  execFileSync(python, words, { cwd: project.folder, env, stdio: 'pipe' });
  return file;
}
