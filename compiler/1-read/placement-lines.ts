import type { Diagnostic } from '../bundle/diagnostic.ts';
import type { Placement } from '../bundle/format.ts';
import type { DirectiveLine } from './directive-lines.ts';
import { looksSecret } from './looks-secret.ts';
import { plainValue } from './plain-value.ts';

/** Directives about where a cell runs and what it is given there. */
export const placementNames = ['cpu', 'mem', 'gpu', 'retries', 'image', 'env'] as const;

type PlacementName = (typeof placementNames)[number];

/** What others call them. */
export const otherWords: Readonly<Record<string, PlacementName>> = {
  memory: 'mem',
  ram: 'mem',
  'mem-limit': 'mem',
  cores: 'cpu',
  vcpu: 'cpu',
  accelerator: 'gpu',
  retry: 'retries',
  'max-retries': 'retries',
  container: 'image',
  'container-image': 'image',
  environment: 'env',
};

/** True for a line about where the cell runs. */
export function isPlacement({ name }: DirectiveLine): boolean {
  return placementNames.some((known) => known === name);
}

/** A value, or what is wrong with it. */
type Read<T> = { readonly value: T } | { readonly problem: string; readonly code?: 'CW123' };

/** Reads the lines that say where a cell runs. The last line of a name counts; `env` may stand several times. */
export function readPlacement(lines: readonly DirectiveLine[]): {
  readonly value: Placement;
  readonly diagnostics: readonly Diagnostic[];
} {
  const value: { -readonly [K in keyof Placement]: Placement[K] } = {};
  const diagnostics: Diagnostic[] = [];
  const take = <T>(line: DirectiveLine, read: Read<T>, put: (found: T) => void): void => {
    if ('value' in read) put(read.value);
    else diagnostics.push(wrong(line, read));
  };
  for (const line of lines) {
    const written = plainValue(line.written);
    if (line.name === 'cpu') take(line, readCpu(written), (cpu) => (value.cpu = cpu));
    else if (line.name === 'mem') take(line, readMemory(written), (mem) => (value.mem = mem));
    else if (line.name === 'gpu') take(line, readCount(written, 'GPUs'), (gpu) => (value.gpu = gpu));
    else if (line.name === 'retries')
      take(line, readCount(written, 'further tries'), (count) => (value.retries = count));
    else if (line.name === 'image') take(line, readImage(written), (image) => (value.image = image));
    else take(line, readVariable(written), ([name, text]) => (value.env = { ...value.env, [name]: text }));
  }
  return { value, diagnostics };
}

function wrong(
  line: DirectiveLine,
  { problem, code = 'CW121' }: { problem: string; code?: 'CW121' | 'CW123' },
): Diagnostic {
  const { name, written, location, column } = line;
  const range = { start: { line: line.line, column }, end: { line: line.line, column: column + written.length } };
  const shown = code === 'CW123' ? `${written.split('=')[0] ?? ''}=…` : written;
  const message =
    code === 'CW123'
      ? `The directive env in line ${String(line.line + 1)} of the cell has what looks like a secret: ${shown}`
      : `The directive ${name} does not take ${shown === '' ? 'nothing' : shown}.`;
  // A range would let the line be shown.
  if (code === 'CW123') {
    const { cell, index } = location;
    return { code, severity: 'error', message, help: problem, location: { cell, index }, related: [] };
  }
  const place = written === '' ? location : { ...location, range };
  return { code, severity: 'error', message, help: problem, location: place, related: [] };
}

const number = String.raw`(\d+(?:\.\d+)?|\.\d+)`;

function readCpu(written: string): Read<number> {
  const help = 'Give a number of processors: `#| cpu: 4`, `0.5`, or thousandths of one: `500m`.';
  const found = new RegExp(`^${number}(m?)$`).exec(written);
  const cpu = Number(found?.[1] ?? NaN) / (found?.[2] === 'm' ? 1000 : 1);
  return cpu > 0 && Number.isFinite(cpu) ? { value: cpu } : { problem: help };
}

/** As Kubernetes writes them. */
const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};
/** Less than any interpreter needs: the unit was forgotten, or is another one than was meant. */
const leastMemory = 2 ** 20;

function readMemory(written: string): Read<number> {
  const [, amount = '', unit = ''] = new RegExp(`^${number}\\s*([A-Za-z]*)$`).exec(written) ?? [];
  const known = amount === '' ? undefined : units[unit];
  const bytes = Math.round(Number(amount) * (known ?? 0));
  if (known !== undefined && bytes >= leastMemory && Number.isSafeInteger(bytes)) return { value: bytes };
  if (amount === '') return { problem: 'Give an amount with its unit: `#| mem: 8Gi`, `500Mi` or `1.5G`.' };
  // `500m`, `8gb`, `8gib`, `8g`: the letter says which was meant; its size does not.
  const letter = unit.slice(0, 1).toUpperCase();
  const meant = ['M', 'G', 'T'].includes(letter) ? letter : 'G';
  const why = known === undefined && unit !== 'm' ? `${unit} is no unit` : `${written} is less than any cell needs`;
  return { problem: `${why}: write ${amount}${meant}i (units of 1024) or ${amount}${meant} (units of 1000).` };
}

const mostCount = 1000;

function readCount(written: string, what: string): Read<number> {
  const count = /^\d{1,4}$/.test(written) ? Number(written) : NaN;
  return count <= mostCount
    ? { value: count }
    : { problem: `Give a number of ${what}, from 0 to ${String(mostCount)}.` };
}

/** Registry, name, tag and digest, as container engines take them; nothing that a shell or YAML could take for something else. */
function readImage(written: string): Read<string> {
  const isName = /^[a-zA-Z0-9][\w.\-/:]*(?:@sha256:[0-9a-f]{64})?$/.test(written);
  return isName ? { value: written } : { problem: 'Give the name of an image: `#| image: ghcr.io/team/train:1.4`.' };
}

function readVariable(written: string): Read<readonly [string, string]> {
  const [, name, quoted = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(written) ?? [];
  if (name === undefined) return { problem: 'Give one variable and its value: `#| env: OMP_NUM_THREADS=4`.' };
  const text = quoted.replace(/^(["'])(.*)\1$/s, '$2');
  if (!looksSecret(name, text)) return { value: [name, text] };
  return {
    code: 'CW123',
    problem:
      'Take it out of the notebook, change it where it is valid, and give it by the environment or as a secret of the engine.',
  };
}
