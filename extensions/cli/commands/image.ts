import path from 'node:path';
import { canonicalJson } from '../../../compiler/bundle/canonical.ts';
import { imageFiles, planForEngines } from '../../../compiler/index.ts';
import { lastValue, type ParsedArguments } from '../args.ts';
import { shownPath } from '../files.ts';
import { digestOf } from '../emitted-engine.ts';
import { usage, type CommandResult, type Host } from '../host.ts';
import { findImageEnvironment } from '../image-environment.ts';
import { openInput } from '../input.ts';
import { findMissing } from '../parameter-types.ts';
import { writeProject } from '../project-folder.ts';
import { count } from '../render.ts';
import { listBundleFiles } from '../toolchain.ts';

/** `cellwright image NB [-o DIR]`: the folder from which a builder makes an image that runs the notebook's steps. Executes nothing. */
export async function imageCommand(host: Host, parsed: ParsedArguments): Promise<CommandResult> {
  const opened = await openInput(host, parsed);
  if (!opened.ok) return opened.result;
  const input = opened.value;
  const missing = findMissing(input.values, input.plain.bundle.parameters);
  if (missing !== undefined) return usage(missing.message, missing.help, 'CW901');
  const found = findImageEnvironment(host, parsed, input);
  if (!found.ok) return found.result;
  const { environment, worker, holds, packages } = found.value;
  const plan = planForEngines(input.bundle, input.profile);
  const bundle = digestOf(canonicalJson(input.bundle));
  const files = new Map([...listBundleFiles(host.installation, input.compilation), ...worker]);
  files.set('plan.json', `${canonicalJson(plan)}\n`);
  const { stem } = input;
  const emitted = imageFiles({ plan, stem, bundle, environment, files });
  const output = path.resolve(host.cwd, lastValue(parsed, 'output') ?? path.join(input.folder, `${stem}.image`));
  const shown = shownPath(host, output);
  const problem = writeProject(output, { shown, target: 'image', files: emitted });
  if (problem !== undefined) return problem;
  const { base, lock = null } = environment;
  const size = `${holds}, ${count(plan.steps.length, 'step')}`;
  return {
    status: 'ok',
    diagnostics: input.diagnostics,
    sources: input.sources,
    text: `image ${shown}: ${size}, on ${base}\nbuild it  docker build -t ${nameFor(stem)} ${shown}\n`,
    document: {
      notebook: input.path,
      folder: output,
      base,
      bundle,
      lock,
      packages,
      steps: plan.steps.map(({ name }) => name),
      files: emitted.map((file) => file.path).sort(),
    },
  };
}

/** What a registry takes for a name. */
function nameFor(stem: string): string {
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return name === '' ? 'notebook' : name;
}
