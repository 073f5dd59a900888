import { languageOfNotebook } from '../../runtime/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { kernelOf } from './module-lock.ts';
import { isCompiledHere, rememberCompiled } from './compiled-here.ts';
import { usage, type CommandResult, type Host } from './host.ts';
import type { Input } from './input.ts';
import { renderWouldRun, wouldRun } from './would-run.ts';

/**
 * A bundle from elsewhere says what it would run before it does: whoever is at the terminal is asked, elsewhere `--yes` is needed. Undefined: run it.
 */
export function refuseForeign(host: Host, parsed: ParsedArguments, input: Input): CommandResult | undefined {
  const { bundleText } = input;
  if (bundleText === undefined || isCompiledHere(host, bundleText)) return undefined;
  const python = lastValue(parsed, 'python');
  const { language } = input.bundle.notebook;
  const kernel = kernelOf(parsed, input.bundle);
  const { environment, cwd } = host;
  const executable = languageOfNotebook(language).findInterpreter({ python, kernel, environment, cwd })?.executable;
  const found = wouldRun(input, executable ?? python ?? kernel);
  const agreed = hasFlag(parsed, 'yes');
  // Nobody is asked about what was not said.
  if (!agreed || !hasFlag(parsed, 'quiet')) host.err(renderWouldRun(input.path, found));
  if (!agreed && !isAgreed(host)) {
    const help = `Read ${input.path}/notebook.ipynb, and run it with --yes; or compile its notebook here.`;
    const message = `${input.path} was not compiled on this machine, and nobody has agreed to run it.`;
    return { ...usage(message, help, 'CW304'), document: { notebook: input.path } };
  }
  rememberCompiled(host, bundleText);
  return undefined;
}

function isAgreed({ ask }: Host): boolean {
  return /^\s*y(?:es)?\s*$/i.test(ask?.('Run it? [y/N] ') ?? '');
}
