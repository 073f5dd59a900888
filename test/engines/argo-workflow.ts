/**
 * What Argo's own model does not check, and a stand-in for its controller: each node of the emitted DAG is run by its own command and arguments as a process,
 * two at a time, and is given nothing but what the DAG hands on. It says nothing of pods, retries, time limits, secrets and artifacts.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { EmittedProject } from './emitted-project.ts';

interface Parameter {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly path: string };
}

interface Parameters {
  readonly parameters?: readonly Parameter[];
}

interface DagTask {
  readonly name: string;
  readonly template: string;
  readonly depends?: string;
  readonly arguments?: Parameters;
  readonly withItems?: readonly Readonly<Record<string, string>>[];
}

interface Template {
  readonly name: string;
  readonly inputs?: Parameters;
  readonly outputs?: Parameters;
  readonly dag?: { readonly tasks: readonly DagTask[] };
  readonly container?: { readonly command: readonly string[]; readonly args: readonly string[] };
}

/** The document that was emitted. */
export interface WorkflowTemplate {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly entrypoint: string;
    readonly arguments: Parameters;
    readonly templates: readonly Template[];
  };
}

export function readWorkflowTemplate(project: EmittedProject): WorkflowTemplate {
  return load(readFileSync(project.at('project', 'workflow-template.yaml'), 'utf8')) as WorkflowTemplate;
}

function namesOf(list: Parameters | undefined): readonly string[] {
  return (list?.parameters ?? []).map(({ name }) => name);
}

function neededBy({ depends = '' }: DagTask): readonly string[] {
  return depends === '' ? [] : depends.split(' && ');
}

/** Names in a template that nothing has: of templates, of tasks, of parameters and of outputs. */
export function danglingNames({ spec }: WorkflowTemplate): readonly string[] {
  const templates = new Map(spec.templates.map((template) => [template.name, template]));
  const problems = templates.has(spec.entrypoint) ? [] : [`entrypoint ${spec.entrypoint}`];
  const ofWorkflow = namesOf(spec.arguments);
  for (const template of spec.templates) {
    const tasks = template.dag?.tasks ?? [];
    for (const [, kind = '', name = ''] of JSON.stringify(template).matchAll(
      /\{\{(inputs\.parameters|workflow\.parameters|item)\.([\w-]+)\}\}/g,
    )) {
      const items = tasks.flatMap(({ withItems = [] }) => withItems.flatMap((item) => Object.keys(item)));
      const known = kind === 'item' ? items : kind === 'inputs.parameters' ? namesOf(template.inputs) : ofWorkflow;
      if (!known.includes(name)) problems.push(`${template.name}: ${kind}.${name}`);
    }
    for (const task of tasks) {
      const called = templates.get(task.template);
      const given = namesOf(task.arguments);
      if (called === undefined) problems.push(`${task.name} calls ${task.template}`);
      for (const name of namesOf(called?.inputs))
        if (!given.includes(name)) problems.push(`${task.name} is not given ${name}`);
      for (const name of given)
        if (!namesOf(called?.inputs).includes(name)) problems.push(`${task.name} is given ${name}`);
      const needed = neededBy(task);
      for (const name of needed)
        if (!tasks.some((other) => other.name === name)) problems.push(`${task.name} depends on ${name}`);
      for (const [, from = '', output = ''] of JSON.stringify(task).matchAll(
        /\{\{tasks\.([\w-]+)\.outputs\.parameters\.([\w-]+)\}\}/g,
      )) {
        const giver = templates.get(tasks.find((other) => other.name === from)?.template ?? '');
        if (!needed.includes(from) || !namesOf(giver?.outputs).includes(output))
          problems.push(`${task.name} takes ${output} of ${from}`);
      }
    }
  }
  return problems;
}

/** How the nodes ended. */
export interface ArgoRun {
  /** Exit codes of the nodes that ran, by their names. */
  readonly codes: ReadonlyMap<string, number>;
  /** What they said. */
  readonly said: string;
  /** Executed notebooks, one for each variant. */
  readonly executed: readonly string[];
}

type Values = ReadonlyMap<string, string>;

/** Runs the entrypoint. @param given values for parameters of the workflow */
export async function runArgo(
  project: EmittedProject,
  given: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<ArgoRun> {
  const controller = new Controller(project, environment);
  const { spec } = readWorkflowTemplate(project);
  const values = new Map((spec.arguments.parameters ?? []).map(({ name, value = '' }) => [name, value]));
  for (const [name, value] of Object.entries({ 'cellwright-store': project.at('store'), ...given }))
    values.set(name, value);
  await controller.run(spec, values);
  return { codes: controller.codes, said: controller.said, executed: controller.executed };
}

class Controller {
  readonly codes = new Map<string, number>();
  readonly executed: string[] = [];
  said = '';
  readonly #project: EmittedProject;
  readonly #environment: NodeJS.ProcessEnv;
  #templates: ReadonlyMap<string, Template> = new Map();
  #workflow: Values = new Map();
  #pods = 0;

  constructor(project: EmittedProject, environment: NodeJS.ProcessEnv) {
    this.#project = project;
    this.#environment = environment;
  }

  async run(spec: WorkflowTemplate['spec'], values: Values): Promise<void> {
    this.#templates = new Map(spec.templates.map((template) => [template.name, template]));
    this.#workflow = values;
    await this.#runTemplate(spec.entrypoint, values, spec.entrypoint);
  }

  /** What it gives; undefined when it or a part of it failed. */
  async #runTemplate(name: string, inputs: Values, node: string): Promise<Values | undefined> {
    const template = this.#templates.get(name);
    if (template?.dag !== undefined)
      return (await this.#runDag(template.dag.tasks, inputs, node)) ? new Map() : undefined;
    if (template?.container === undefined) throw new Error(`no template ${name}`);
    return this.#runPod(template, inputs, node);
  }

  async #runDag(tasks: readonly DagTask[], inputs: Values, node: string): Promise<boolean> {
    const done = new Map<string, Values | undefined>();
    const fill = (task: DagTask, item: Readonly<Record<string, string>>): Values =>
      new Map(
        (task.arguments?.parameters ?? []).map(({ name, value = '' }) => [
          name,
          value
            .replaceAll(/\{\{inputs\.parameters\.([\w-]+)\}\}/g, (_, from: string) => inputs.get(from) ?? '')
            .replaceAll(/\{\{workflow\.parameters\.([\w-]+)\}\}/g, (_, from: string) => this.#workflow.get(from) ?? '')
            .replaceAll(/\{\{item\.([\w-]+)\}\}/g, (_, from: string) => item[from] ?? '')
            .replaceAll(
              /\{\{tasks\.([\w-]+)\.outputs\.parameters\.([\w-]+)\}\}/g,
              (_, from: string, output: string) => done.get(from)?.get(output) ?? '',
            ),
        ]),
      );
    for (;;) {
      const open = tasks.filter(({ name }) => !done.has(name));
      const isReady = (task: DagTask): boolean => neededBy(task).every((name) => done.get(name) !== undefined);
      const ready = open.filter(isReady).slice(0, 2);
      if (ready.length === 0) return open.length === 0 && [...done.values()].every((value) => value !== undefined);
      await Promise.all(
        ready.map(async (task) => {
          const items = task.withItems ?? [{}];
          const results: (Values | undefined)[] = [];
          for (const [place, item] of items.entries()) {
            const own =
              task.withItems === undefined ? `${node}.${task.name}` : `${node}.${task.name}(${String(place)})`;
            results.push(await this.#runTemplate(task.template, fill(task, item), own));
          }
          done.set(task.name, results.includes(undefined) ? undefined : (results[0] ?? new Map()));
        }),
      );
    }
  }

  /** A process, with folders of its own where a pod has them. */
  async #runPod(template: Template, inputs: Values, node: string): Promise<Values | undefined> {
    const pod = this.#project.at('pods', String(this.#pods++));
    mkdirSync(pod, { recursive: true });
    const here = (text: string): string =>
      text
        .replaceAll(/\{\{inputs\.parameters\.([\w-]+)\}\}/g, (_, name: string) => inputs.get(name) ?? '')
        .replaceAll(/\{\{workflow\.parameters\.([\w-]+)\}\}/g, (_, name: string) => this.#workflow.get(name) ?? '')
        .replaceAll(/\/(opt|tmp)\/cellwright(?=\/|$)/g, (_, place: string) =>
          place === 'opt' ? this.#project.at('project') : path.join(pod, 'given'),
        )
        .replace(/=\/work$/, `=${path.join(pod, 'work')}`);
    const { command = [], args = [] } = template.container ?? {};
    const [program = '', ...words] = [...command, ...args].map(here);
    const said = await this.#project.call(program, words, this.#environment);
    this.codes.set(node, said.code);
    this.said += `${said.out}${said.err}`;
    const file = path.join(pod, 'given', 'executed.ipynb');
    if (existsSync(file)) {
      const kept = this.#project.at(`executed-${String(this.executed.length)}.ipynb`);
      writeFileSync(kept, readFileSync(file));
      this.executed.push(kept);
    }
    if (said.code !== 0) return undefined;
    return new Map(
      (template.outputs?.parameters ?? []).map(({ name, valueFrom }) => [
        name,
        readFileSync(here(valueFrom?.path ?? ''), 'utf8'),
      ]),
    );
  }
}
