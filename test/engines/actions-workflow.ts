/**
 * A stand-in for GitHub Actions: the jobs of the emitted workflow, each in a copy of the repository of its own, with nothing but the `run:` lines, the variables
 * and the artifacts of the workflow. Packages are not installed: the jobs find the interpreter of the tests. It says nothing of runners, images and time limits.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { EmittedProject } from './emitted-project.ts';

type Texts = Readonly<Record<string, string>>;

interface ActionStep {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
}

interface Job {
  readonly needs?: readonly string[];
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Texts;
  readonly env?: Texts;
  readonly strategy?: { readonly matrix: { readonly include: readonly Texts[] } };
  readonly steps?: readonly ActionStep[];
}

interface Inputs {
  readonly inputs?: Readonly<Record<string, { readonly default: string }>>;
}

/** The document that was emitted. */
export interface ActionsWorkflow {
  readonly name: string;
  readonly on: { readonly workflow_dispatch: Inputs; readonly workflow_call?: Inputs };
  readonly env?: Texts;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** What expressions of a workflow can name. */
type Contexts = Readonly<Record<string, Texts>>;

/** Conclusions of the jobs, by the variant and the name of the job. */
export type JobConclusions = ReadonlyMap<string, 'success' | 'failure' | 'skipped'>;

export function readActionsWorkflow(project: EmittedProject, name: string): ActionsWorkflow {
  const file = project.at('project', '.github', 'workflows', `${name}.yml`);
  return load(readFileSync(file, 'utf8')) as ActionsWorkflow;
}

/** The emitted workflow, started by hand or by the clock. */
export class ActionsRun {
  readonly conclusions = new Map<string, 'success' | 'failure' | 'skipped'>();
  said = '';
  readonly #project: EmittedProject;
  readonly #event: string;
  readonly #secrets: Texts;

  constructor(project: EmittedProject, event: 'workflow_dispatch' | 'schedule', secrets: Texts = {}) {
    this.#project = project;
    this.#event = event;
    this.#secrets = secrets;
    mkdirSync(project.at('artifacts'), { recursive: true });
  }

  /** The folder of an artifact. */
  artifact(name: string): string {
    return this.#project.at('artifacts', name);
  }

  async run(name: string, given: Texts = {}): Promise<void> {
    const workflow = readActionsWorkflow(this.#project, name);
    const { inputs = {} } = workflow.on.workflow_call ?? workflow.on.workflow_dispatch;
    const defaults = Object.fromEntries(Object.entries(inputs).map(([input, one]) => [input, one.default]));
    const github = { event_name: this.#event };
    // The clock starts a workflow without any inputs.
    const all = this.#event === 'schedule' && workflow.on.workflow_call === undefined ? {} : { ...defaults, ...given };
    const contexts = { inputs: all, github, secrets: this.#secrets };
    const env = filledIn(workflow.env ?? {}, contexts);
    for (const [id, job] of inOrder(workflow.jobs)) {
      if (job.uses === undefined) this.#runJob(id, job, { ...contexts, env });
      else await this.#call(job, { ...contexts, env });
    }
  }

  /** Another workflow, once for each member of the matrix. */
  async #call(job: Job, contexts: Contexts): Promise<void> {
    for (const matrix of job.strategy?.matrix.include ?? [{}]) {
      const given = filledIn(job.with ?? {}, { ...contexts, matrix });
      await this.run(path.basename(job.uses ?? '', '.yml'), given);
    }
  }

  #runJob(id: string, job: Job, contexts: Contexts): void {
    const variant = contexts['env']?.['VARIANT'] ?? '';
    const needed = (job.needs ?? []).map((name) => this.conclusions.get(`${variant}/${name}`));
    if (job.if === undefined && needed.some((conclusion) => conclusion !== 'success')) {
      this.conclusions.set(`${variant}/${id}`, 'skipped');
      return;
    }
    const runner = this.#project.at('runners', `${variant}-${id}`);
    cpSync(this.#project.at('repository'), runner, { recursive: true });
    const env = { ...contexts['env'], ...filledIn(job.env ?? {}, contexts) };
    let failed = false;
    for (const step of job.steps ?? []) {
      if (failed && step.if === undefined) continue;
      if (!this.#runStep(step, { ...contexts, env }, runner)) failed = true;
    }
    this.conclusions.set(`${variant}/${id}`, failed ? 'failure' : 'success');
  }

  #runStep(step: ActionStep, contexts: Contexts, runner: string): boolean {
    const { name = '', path: place = '', pattern = '' } = filledIn(step.with ?? {}, contexts);
    const [action = ''] = (step.uses ?? '').split('@');
    if (action === 'actions/download-artifact') this.#download(pattern, path.join(runner, place));
    if (action === 'actions/upload-artifact') {
      const source = path.join(runner, place);
      if (!existsSync(source)) return false;
      mkdirSync(this.artifact(name));
      cpSync(source, path.join(this.artifact(name), path.basename(source)));
    }
    if (step.run === undefined || step.run.includes('pip install')) return true;
    const script = path.join(runner, '..', `${path.basename(runner)}.sh`);
    writeFileSync(script, step.run);
    const env = { ...this.#project.environment, ...contexts['env'] };
    const done = spawnSync('sh', ['-e', script], { cwd: runner, env, encoding: 'utf8' });
    this.said += `${done.stdout}${done.stderr}`;
    return done.status === 0;
  }

  #download(pattern: string, place: string): void {
    const start = pattern.replace(/\*$/, '');
    for (const name of readdirSync(this.#project.at('artifacts')).filter((one) => one.startsWith(start)))
      cpSync(this.artifact(name), place, { recursive: true });
  }
}

function inOrder(jobs: ActionsWorkflow['jobs']): readonly (readonly [string, Job])[] {
  const done: (readonly [string, Job])[] = [];
  const left = new Map(Object.entries(jobs));
  while (left.size > 0) {
    const ready = [...left].find(([, { needs = [] }]) => needs.every((name) => done.some(([other]) => other === name)));
    if (ready === undefined)
      throw new Error(`these jobs wait for each other, or for none: ${[...left.keys()].join(', ')}`);
    done.push(ready);
    left.delete(ready[0]);
  }
  return done;
}

function filledIn(texts: Readonly<Record<string, string | boolean>>, contexts: Contexts): Record<string, string> {
  const entries = Object.entries(texts).map(([name, text]) => [
    name,
    String(text).replaceAll(/\$\{\{ (.*?) \}\}/g, (_, expression: string) => valueOf(expression, contexts)),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The operators that the emitted files use. */
function valueOf(expression: string, contexts: Contexts): string {
  const [left = '', ...right] = outsideOfTexts(expression, ' || ');
  if (right.length > 0) return valueOf(left, contexts) || valueOf(right.join(' || '), contexts);
  const both = outsideOfTexts(expression, ' && ');
  if (both.length > 1) return both.map((one) => valueOf(one, contexts)).reduce((all, one) => (all === '' ? '' : one));
  const [one = '', other] = outsideOfTexts(expression, ' == ');
  if (other !== undefined) return valueOf(one, contexts) === valueOf(other, contexts) ? 'true' : '';
  if (expression.startsWith("'")) return expression.slice(1, -1).replaceAll("''", "'");
  const [, context = '', name = ''] = /^(\w+)\.([\w-]+)$/.exec(expression) ?? [];
  if (contexts[context] === undefined) throw new Error(`no context for ${expression}`);
  return contexts[context][name] ?? '';
}

function outsideOfTexts(expression: string, operator: string): readonly string[] {
  const parts: string[] = [];
  let rest = expression;
  let from = 0;
  for (let at = rest.indexOf(operator); at >= 0; at = rest.indexOf(operator, from)) {
    // An odd number of quotes before it: it is in a text.
    if (rest.slice(0, at).split("'").length % 2 === 1) {
      parts.push(rest.slice(0, at));
      rest = rest.slice(at + operator.length);
      from = 0;
    } else from = at + 1;
  }
  return [...parts, rest];
}
