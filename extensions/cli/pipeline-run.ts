import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { secretNames, statesFolder, writeAtomically } from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { isThere, shownPath } from './files.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import { prepareFolder } from './output-file.ts';
import { readPipeline, type PipelineStep } from './pipeline-file.ts';
import { renderDiagnostics } from './render.ts';

type RunOnce = (host: Host, parsed: ParsedArguments) => Promise<CommandResult>;

/** True for a command line that names the file of a pipeline. */
export function isPipeline(parsed: ParsedArguments): boolean {
  return /\.ya?ml$/i.test(parsed.positionals[0] ?? '');
}

/**
 * `cellwright run pipeline.yaml`: the notebooks one after another, each as Restart & Run All, with the named values handed over.
 * It stops after the first that does not come to its end.
 */
export async function runPipeline(host: Host, parsed: ParsedArguments, runOnce: RunOnce): Promise<CommandResult> {
  const [file = '', out] = parsed.positionals;
  const refused = misuse(parsed, out);
  if (refused !== undefined) return refused;
  const steps = await readPipeline(host, file);
  if (!steps.ok) return steps.result;
  const state = stateOf(host, parsed, file);
  const help = 'Name a folder for stored values with --state, or set XDG_CACHE_HOME.';
  const problem = prepareFolder(state, help);
  if (problem !== undefined) return problem;
  const results = path.resolve(host.cwd, lastValue(parsed, 'output') ?? file.replace(/\.ya?ml$/i, '.cellwright'));
  const done: { name: string; result: CommandResult }[] = [];
  for (const step of steps.value) {
    const composed = path.join(state, 'notebooks', `${step.name}.ipynb`);
    writeAtomically(composed, compose(step, state));
    if (!hasFlag(parsed, 'quiet')) host.err(`== ${step.name}\n`);
    const result = await runOnce(host, commandLine(parsed, { step, composed, state, results }));
    done.push({ name: step.name, result });
    if (result.status !== 'ok') break;
    showStep(host, parsed, result);
  }
  return describe(host, { file, results, steps: steps.value, done });
}

function misuse(parsed: ParsedArguments, out: string | undefined): CommandResult | undefined {
  if (out !== undefined) return usage(`A pipeline has a folder of results, not ${out}.`, 'Name a folder with -o.');
  const notHere = [
    'parameters',
    'parameters-raw',
    'parameters-file',
    'parameters-yaml',
    'parameters-base64',
    'cwd',
    'matrix',
    'matrix-exclude',
    'frozen',
    'frozen-file',
    'only',
    'until',
    'report',
    'watch',
  ];
  const flag = notHere.find((name) => parsed.uses.some((use) => use.flag === name));
  if (flag === undefined) return undefined;
  return usage(
    `--${flag} is for one notebook, not for a pipeline.`,
    'Write parameters below params in the file of the pipeline.',
  );
}

function stateOf(host: Host, parsed: ParsedArguments, file: string): string {
  const named = lastValue(parsed, 'state');
  if (named !== undefined) return path.resolve(host.cwd, named);
  const digest = createHash('sha256')
    .update(realpathSync(path.resolve(host.cwd, file)), 'utf8')
    .digest('hex');
  return path.join(statesFolder(host.environment), `pipeline-${digest.slice(0, 16)}`);
}

interface Setting {
  readonly step: PipelineStep;
  readonly composed: string;
  readonly state: string;
  readonly results: string;
}

/** The command line that runs one notebook, in its own folder. */
function commandLine(parsed: ParsedArguments, { step, composed, state, results }: Setting): ParsedArguments {
  const kept = parsed.uses.filter(({ flag }) => flag !== 'state' && flag !== 'output');
  const own = [
    { flag: 'state', values: [path.join(state, 'states', step.name)] },
    { flag: 'cwd', values: [step.input.folder] },
    { flag: 'output', values: [path.join(results, `${step.name}.out.ipynb`)] },
  ];
  return { positionals: [composed], uses: [...kept, ...own] };
}

/** The notebook with a cell before it that takes what earlier ones left, and one after it that leaves what later ones take. */
function compose({ input, name, takes, gives }: PipelineStep, state: string): string {
  const document = JSON.parse(input.document) as { cells: object[] };
  const givers = [...new Set(takes.values())];
  const first = givers.map((giver) => {
    const names = [...takes].flatMap(([taken, from]) => (from === giver ? [taken] : []));
    return cell(`handed-over-by-${giver}`, takingText(handoverFile(state, giver), names, giver));
  });
  const last =
    gives.size === 0
      ? []
      : [
          cell(
            `handed-over-to-others`,
            givingText(handoverFile(state, name), [...gives].sort(), secretNames(input.document)),
          ),
        ];
  return JSON.stringify({ ...document, cells: [...first, ...document.cells, ...last] }, null, 1);
}

function handoverFile(state: string, giver: string): string {
  return path.join(state, 'handed-over', `${giver}.pickle`);
}

function cell(id: string, source: string): object {
  const safe = id.replace(/[^\w-]/g, '-').slice(0, 64);
  return {
    cell_type: 'code',
    id: safe,
    metadata: { tags: ['handed-over'] },
    source,
    outputs: [],
    execution_count: null,
  };
}

/** All in one file: values that share objects share them in the next notebook too. */
function takingText(file: string, names: readonly string[], giver: string): string {
  const keys = names.map((name) => JSON.stringify(name)).join(', ');
  // What loads a library without an import statement would have to stay in its process.
  const modules = readModules(file).map((module) => `import ${module} as handed_over\n`);
  const gone = modules.length === 0 ? '' : '\ndel handed_over';
  const read = `__import__("pickle").loads(__import__("pathlib").Path(${JSON.stringify(file)}).read_bytes())`;
  return `# Handed over by ${giver}.\n${modules.join('')}${names.join(', ')} = __import__("operator").itemgetter(${keys})(${read})${gone}`;
}

/** The modules of the classes of what was handed over. */
function readModules(file: string): readonly string[] {
  const list = modulesFile(file);
  if (!isThere(list)) return [];
  const names = readFileSync(list, 'utf8').split('\n');
  return names.filter((name) => /^[A-Za-z_][\w.]*$/.test(name) && name !== 'builtins' && name !== '__main__');
}

function modulesFile(file: string): string {
  return file.replace(/pickle$/, 'modules');
}

/** The value of a secret goes into no file, not even in the middle of another value. */
function givingText(file: string, names: readonly string[], secrets: readonly string[]): string {
  const entries = names.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ');
  const place = (of: string): string => `__import__("pathlib").Path(${JSON.stringify(of)})`;
  const guards = secrets.map(
    (name) =>
      `assert __import__("os").environ[${JSON.stringify(name)}].encode() not in handed_over, "a secret would be written"`,
  );
  return [
    '# Handed over to later notebooks.',
    `handed_over = __import__("pickle").dumps({${entries}}, 5)`,
    ...guards,
    `${place(path.dirname(file))}.mkdir(exist_ok=True)`,
    `${place(file)}.write_bytes(handed_over)`,
    `${place(modulesFile(file))}.write_text("\\n".join(sorted({type(value).__module__ for value in (${names.join(', ')},)})))`,
    'del handed_over',
  ].join('\n');
}

function showStep(host: Host, parsed: ParsedArguments, { diagnostics, sources, text }: CommandResult): void {
  if (hasFlag(parsed, 'json') || hasFlag(parsed, 'quiet')) return;
  const shown = diagnostics.filter(({ severity }) => severity === 'warning');
  if (shown.length > 0) host.err(renderDiagnostics(shown, sources ?? new Map()));
  host.err(text);
}

interface Ended {
  readonly file: string;
  readonly results: string;
  readonly steps: readonly PipelineStep[];
  readonly done: readonly { readonly name: string; readonly result: CommandResult }[];
}

function describe(host: Host, { file, results, steps, done }: Ended): CommandResult {
  const last = done.at(-1)?.result;
  const status = last?.status ?? 'ok';
  const missing = steps.slice(done.length).map(({ name }) => name);
  const counts = `${done.filter(({ result }) => result.status === 'ok').length} of ${steps.length} notebooks ran to their end`;
  const rest = missing.length === 0 ? '' : `; not run: ${missing.join(', ')}`;
  return {
    status,
    diagnostics: status === 'ok' ? [] : (last?.diagnostics ?? []),
    ...(last?.sources === undefined ? {} : { sources: last.sources }),
    ...(status === 'ok' || last?.errors === undefined ? {} : { errors: last.errors }),
    text: `${counts}${rest}\nresults  ${shownPath(host, results)}\n`,
    document: {
      pipeline: file,
      notebooks: done.map(({ name, result }) => ({ name, status: result.status, run: result.document })),
      left: missing,
    },
  };
}
