import { statSync } from 'node:fs';
import path from 'node:path';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { usage, type Host } from './host.ts';
import { stemOf, type Input, type Outcome } from './input.ts';
import { checkWritable } from './output-file.ts';
import { plainText } from './parameters.ts';

/** Where the results of a run go. */
export interface Targets {
  /** Undefined: the notebook goes to standard output. */
  readonly notebook: string | undefined;
  readonly report: string | undefined;
}

/** Reads OUT as papermill does, `{name}` of a given parameter included; a folder and no OUT at all are ours. */
export function findTargets(host: Host, parsed: ParsedArguments, input: Input): Outcome<Targets> {
  const targets = chooseTargets(host, parsed, input);
  if (!targets.ok) return targets;
  for (const file of [targets.value.notebook, targets.value.report]) {
    const problem = file === undefined ? undefined : checkWritable(file, path.relative(host.cwd, file) || file);
    if (problem !== undefined) return { ok: false, result: problem };
  }
  return targets;
}

function chooseTargets(host: Host, parsed: ParsedArguments, input: Input): Outcome<Targets> {
  const named = lastValue(parsed, 'output') ?? parsed.positionals[1] ?? (input.path === '-' ? '-' : undefined);
  const asked = named === undefined ? undefined : fillIn(named, input);
  const namedReport = lastValue(parsed, 'report');
  const reportAt = (fallback: string | undefined): string | undefined => {
    if (hasFlag(parsed, 'no-report')) return undefined;
    return namedReport === undefined ? fallback : path.resolve(host.cwd, namedReport);
  };
  if (asked === '-') {
    if (hasFlag(parsed, 'json')) {
      const help = 'Name a file with -o, or leave --json out.';
      return { ok: false, result: usage('Standard output cannot hold the notebook and the JSON document.', help) };
    }
    return { ok: true, value: { notebook: undefined, report: reportAt(undefined) } };
  }
  if (asked?.endsWith('.ipynb') === true) {
    const notebook = path.resolve(host.cwd, asked);
    if (notebook === path.resolve(host.cwd, input.path)) {
      const help = 'Name another file with -o; the notebook itself is never overwritten.';
      return { ok: false, result: usage(`${asked} is the notebook that is to run.`, help) };
    }
    const report = path.join(path.dirname(notebook), `${stemOf(notebook)}.report.html`);
    return { ok: true, value: { notebook, report: reportAt(report) } };
  }
  const own = path.join(input.folder, `${input.stem}.cellwright`);
  const folder = asked === undefined ? own : path.resolve(host.cwd, asked);
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() ?? false) {
    return { ok: false, result: usage(`${folder} is a file.`, 'Name an .ipynb file or a folder with -o.') };
  }
  const notebook = path.join(folder, `${input.stem}.out.ipynb`);
  return { ok: true, value: { notebook, report: reportAt(path.join(folder, `${input.stem}.report.html`)) } };
}

/** `{city}` is the value of the parameter city; what names no given parameter stays as it is. */
function fillIn(name: string, input: Input): string {
  return name.replaceAll(/\{(\w+)\}/g, (whole, word: string) => {
    const value = input.values.get(word);
    return value === undefined ? whole : plainText(value);
  });
}
