import path from 'node:path';
import type { Diagnostic } from '../../../compiler/bundle/diagnostic.ts';
import type { EnginePlan } from '../../../compiler/bundle/engine-plan.ts';
import { canonicalJson } from '../../../compiler/bundle/canonical.ts';
import { planForEngines, targets, type EmittedFile, type Target } from '../../../compiler/index.ts';
import { hasFlag, lastValue, nearest, type ParsedArguments } from '../args.ts';
import { rememberCompiled } from '../compiled-here.ts';
import { isThere, shownPath } from '../files.ts';
import { usage, type CommandResult, type Host, type Outcome } from '../host.ts';
import { withDefaults } from '../injected-defaults.ts';
import { openInput, openNotebook, type Input } from '../input.ts';
import type { FoundProfile } from '../profile-file.ts';
import { findMissing } from '../parameter-types.ts';
import { copyInputs, findInputs } from '../emitted-inputs.ts';
import { readEngineSettings } from '../engine-settings.ts';
import { findEngineHere, findStepEngine, needsOf } from '../emitted-engine.ts';
import { writeProject } from '../project-folder.ts';
import { count } from '../render.ts';
import { listBundleFiles } from '../toolchain.ts';

/** `cellwright emit NB --target ENGINE -o DIR`: the notebook as a project of an engine. Executes nothing. */
export async function emitCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  if (hasFlag(parsed, 'list')) return listTargets();
  const name = lastValue(parsed, 'target');
  const names = targets.map((target) => target.name);
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    const near = name === undefined ? undefined : nearest(name, names);
    const help = near === undefined ? `Name one with --target: ${names.join(', ')}.` : `Did you mean ${near}?`;
    return usage(name === undefined ? 'Emit it for which engine?' : `There is no target ${name}.`, help);
  }
  const missing = target.without?.find((flag) => hasFlag(parsed, flag));
  if (missing !== undefined)
    return usage(`A ${target.name} project has no ${missing}.`, `Leave --${missing} out, or name another target.`);
  const named = lastValue(parsed, 'output');
  if (named === undefined) return usage('What is emitted is a folder.', 'Name it with -o DIR.');
  const emitted = await emitTo(host, parsed, { target, output: path.resolve(host.cwd, named) });
  return emitted.ok ? emitted.value.result : emitted.result;
}

/** Where and how a notebook is emitted. */
export interface Emitting {
  readonly target: Target;
  /** The project's folder. */
  readonly output: string;
  /** What runs observed, instead of the profile that is named or beside the notebook. */
  readonly profile?: FoundProfile;
}

/** A project that was written, and what is said of it. */
export interface Emitted {
  readonly input: Input;
  readonly plan: EnginePlan;
  readonly result: CommandResult;
}

/** Writes the project of an engine. Executes nothing. */
export async function emitTo(
  host: Host,
  parsed: ParsedArguments,
  { target, output, profile: observed }: Emitting,
): Promise<Outcome<Emitted>> {
  const input = await openFor(host, parsed, { target, observed });
  if (!input.ok) return input;
  const asked = { input: input.value, what: `emit --target ${target.name}` };
  const engine = target.isHere === true ? findEngineHere(host, parsed, asked) : findStepEngine(host, parsed, asked);
  if (!engine.ok) return engine;
  const { bundle, compilation, stem, folder, profile, sources } = input.value;
  const plan = planForEngines(bundle, profile);
  const notebookFolder = path.relative(output, folder).split(path.sep).join('/');
  const settings = readEngineSettings(host, parsed, { input: input.value, engine: engine.value });
  const projectFolder = inRepository(output);
  if (target.usesRepository === true && path.posix.join(projectFolder, notebookFolder).startsWith('..'))
    return {
      ok: false,
      result: usage(
        `${shownPath(host, output)} is not in a repository that has the notebook.`,
        'Name a folder of the repository with -o: the machines of this engine have its files.',
      ),
    };
  if (!settings.ok) return settings;
  const { notebook } = compilation;
  if (notebook === undefined)
    return { ok: false, result: usage(`${input.value.path} was not compiled.`, 'Compile it to see why.') };
  const own = target.emit({
    ...{ bundle, plan, stem, notebook, settings: settings.value },
    notebookFolder: notebookFolder === '' ? '.' : notebookFolder,
    projectFolder,
  });
  const inBundle = [...listBundleFiles(host.installation, compilation)];
  const files: readonly EmittedFile[] = [
    ...inBundle.map(([file, text]) => ({ path: `bundle/${file}`, text })),
    ...engine.value.files,
    { path: 'bundle/plan.json', text: `${canonicalJson(plan)}\n` },
    ...own,
  ];
  const shown = shownPath(host, output);
  const inputs = target.takesFiles === true ? findInputs(plan, folder) : { copied: [], diagnostics: [] };
  const copied = inputs.copied.map((file) => `files/${file}`);
  const problem = writeProject(output, { shown, target: target.name, files, copied });
  if (problem !== undefined) return { ok: false, result: problem };
  rememberCompiled(host, inBundle.find(([file]) => file === 'bundle.json')?.[1] ?? '');
  copyInputs(output, folder, inputs.copied);
  const diagnostics = [...input.value.diagnostics, ...notObserved(plan), ...inputs.diagnostics];
  const result: CommandResult = {
    status: 'ok',
    diagnostics,
    sources,
    text: `${describePlan(plan)}project ${shown}\n`,
    document: {
      notebook: input.value.path,
      target: target.name,
      folder: output,
      steps: plan.steps.map(({ name: step, tasks, needs, together }) => ({ name: step, tasks, needs, together })),
      files: [...files.map((file) => file.path), ...copied].sort(),
    },
  };
  return { ok: true, value: { input: input.value, plan, result } };
}

/** A folder from the root of the Git repository that it is in, whether the folder exists or not. */
function inRepository(folder: string): string {
  for (let above = folder; ; above = path.dirname(above)) {
    if (isThere(path.join(above, '.git'))) return path.relative(above, folder).split(path.sep).join('/') || '.';
    if (above === path.dirname(above)) return '.';
  }
}

/** The notebook as the engine runs it: with a cell that assigns its parameters, where the engine sets them. */
async function openFor(
  host: Host,
  parsed: ParsedArguments,
  { target, observed }: { readonly target: Target; readonly observed: FoundProfile | undefined },
): Promise<Outcome<Input>> {
  const open = (input: Input, values: Input['values']): Promise<Outcome<Input>> =>
    observed === undefined
      ? openInput(host, parsed, values)
      : openNotebook(host, input.path, { values, profile: observed });
  const first = await openInput(host, parsed);
  if (!first.ok) return first;
  const input = observed === undefined ? first : await open(first.value, first.value.values);
  if (!input.ok) return input;
  const { plain, values } = input.value;
  const missing = findMissing(values, plain.bundle.parameters);
  if (missing !== undefined) return { ok: false, result: usage(missing.message, missing.help, 'CW901') };
  if (target.takesParameters !== true || !needsOf(parsed, input.value).takesValues) return input;
  const all = withDefaults(values, plain.bundle.parameters);
  return all.size === values.size ? input : open(input.value, all);
}

function listTargets(): CommandResult {
  const width = Math.max(...targets.map(({ name }) => name.length));
  const text = targets.map(({ name, help }) => `${name.padEnd(width)}  ${help}\n`).join('');
  const document = { targets: targets.map(({ name, help }) => ({ name, help })) };
  return { status: 'ok', diagnostics: [], text, document };
}

function describePlan({ steps, cells }: EnginePlan): string {
  const rows = steps.map(({ name, tasks, needs, together }) => {
    const after = needs.length === 0 ? '' : ` after ${needs.join(', ')}`;
    const why = tasks.length > 1 ? `\n    ${count(tasks.length, 'cell')} in one process: ${together}` : '';
    return `  ${name}${after}${why}\n`;
  });
  return `${count(cells.length, 'cell')}, ${count(steps.length, 'step')}\n${rows.join('')}`;
}

/** What the plan rests on the text alone for. */
function notObserved({ cells, steps }: EnginePlan): readonly Diagnostic[] {
  // A cell that an engine sets parameters in does what its text says.
  const sure = new Set(steps.filter(({ parameters }) => parameters.length > 0).flatMap(({ tasks }) => tasks));
  const names = cells.filter(({ observed, task }) => !observed && !sure.has(task)).map(({ name }) => name);
  if (names.length === 0) return [];
  const which = names.length > 3 ? `${count(names.length, 'cell')} of ${String(cells.length)}` : names.join(', ');
  return [
    {
      code: 'CW801',
      severity: 'warning',
      message: `No run has observed ${which}: the plan says what their text allows for.`,
      help: 'Run the notebook once with cellwright run NB, then cellwright profile NB, and emit it again: the plan is exact then.',
      related: [],
    },
  ];
}
