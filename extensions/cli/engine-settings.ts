import { readFileSync } from 'node:fs';
import { requirementLines, type EngineParameter, type EngineSettings } from '../../compiler/index.ts';
import { hasFlag, lastValue, type ParsedArguments } from './args.ts';
import { digestOf, type StepEngine } from './emitted-engine.ts';
import { usage, type Host, type Outcome } from './host.ts';
import type { Input } from './input.ts';
import { findLockFile, openLock } from './lock-file.ts';
import { combine, nameOf, readMatrix } from './matrix.ts';
import type { ParameterValue, ParameterValues } from './parameters.ts';
import { EnvironmentText, PythonNumber, isList, toPython } from './python-literal.ts';

/** What `emit` was told beside the notebook: values of parameters, variants, a schedule, and the lock beside the notebook. */
export function readEngineSettings(
  host: Host,
  parsed: ParsedArguments,
  { input, engine: { runner, takesValues } }: { readonly input: Input; readonly engine: StepEngine },
): Outcome<EngineSettings> {
  const schedule = lastValue(parsed, 'schedule');
  if (schedule !== undefined && schedule.trim().split(/\s+/).length !== 5)
    return { ok: false, result: usage(`${schedule} is no schedule.`, 'Give the five fields of cron: "0 6 * * *".') };
  const matrix = readMatrix(host, parsed);
  if (!matrix.ok) return matrix;
  const parameters = takesValues ? shown(input.values) : [];
  const names = new Set(parameters.map(({ name }) => name));
  const unknown = [...matrix.value.keys()].find((name) => !names.has(name));
  if (unknown !== undefined)
    return { ok: false, result: usage(`--matrix: ${unknown} is not set by the engine.`, takesValues ? why : whyFixed) };
  const variants =
    matrix.value.size === 0
      ? []
      : combine(matrix.value, new Map()).map((values) => ({
          name: nameOf(values.keys(), values),
          values: shown(values),
        }));
  const image = lastValue(parsed, 'image');
  const store = lastValue(parsed, 'store');
  const lock = runner === undefined ? readLockBeside(host, input) : ({ ok: true, value: undefined } as const);
  if (!lock.ok) return lock;
  return {
    ok: true,
    value: {
      parameters,
      variants,
      signed: hasFlag(parsed, 'signed'),
      ...(schedule === undefined ? {} : { schedule: schedule.trim() }),
      ...(image === undefined ? {} : { image }),
      ...(store === undefined ? {} : { store }),
      ...(lock.value === undefined ? {} : { lock: lock.value }),
      ...(runner === undefined ? {} : { runner }),
    },
  };
}

const whyFixed =
  'Steps of this notebook have the values that it is emitted with: emit it once for each, with -p NAME VALUE and a folder of its own.';
const why =
  'Its default is computed, or it is no parameter: give it a plain value in the cell tagged parameters, or with -p.';

function readLockBeside(host: Host, input: Input): Outcome<EngineSettings['lock']> {
  const file = findLockFile(input);
  if (file === undefined) return { ok: true, value: undefined };
  const opened = openLock(host, file);
  if (!opened.ok) return opened;
  const { hashed, direct } = requirementLines(opened.value.lock, (place) => place);
  // Builders of images add packages of their own, which have no hash here; then no line may have one.
  const lines = [...hashed.map((line) => line.replace(/(?: --hash=\S+)+$/, '')), ...direct];
  const python = /^\d+\.\d+/.exec(opened.value.lock.own?.python ?? '')?.[0];
  return {
    ok: true,
    value: {
      digest: digestOf(readFileSync(file)),
      requirements: lines.map((line) => `${line}\n`).join(''),
      ...(python === undefined ? {} : { python }),
    },
  };
}

/** Values as engines show them. A secret is not among them. */
function shown(values: ParameterValues): readonly EngineParameter[] {
  return [...values].filter(([, value]) => !hasSecret(value)).map(([name, value]) => parameterOf(name, value));
}

function hasSecret(value: ParameterValue): boolean {
  if (value instanceof EnvironmentText) return true;
  if (value === null || typeof value !== 'object' || value instanceof PythonNumber) return false;
  return (isList(value) ? value : Object.values(value)).some(hasSecret);
}

function parameterOf(name: string, value: ParameterValue): EngineParameter {
  const json = jsonText(value);
  const python = toPython(value);
  if (typeof value === 'string') return { name, type: 'str', python, json };
  if (typeof value === 'boolean') return { name, type: 'bool', python, json };
  if (value instanceof PythonNumber) return { name, type: value.kind, python, json };
  return { name, type: 'json', python: toPython(json), json };
}

/** JSON as Python's reader takes it: numbers keep their digits. */
function jsonText(value: ParameterValue): string {
  if (value instanceof PythonNumber) {
    const special = /^float\('(-?)(nan|inf)'\)$/.exec(value.literal);
    return special === null ? value.literal : `${special[1] ?? ''}${special[2] === 'nan' ? 'NaN' : 'Infinity'}`;
  }
  if (value === null || typeof value !== 'object' || value instanceof EnvironmentText) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(', ')}]`;
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${jsonText(item)}`);
  return `{${members.join(', ')}}`;
}
