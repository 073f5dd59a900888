import { errorCodes, type ResponseError } from './protocol.ts';

/** Commands that the service passes on: those that look, and those that write what they are asked for. */
const commands: ReadonlySet<string> = new Set([
  'compile',
  'data',
  'debug',
  'diff',
  'emit',
  'explain',
  'export',
  'export-lineage',
  'freeze',
  'gc',
  'graph',
  'image',
  'lineage',
  'lock',
  'metrics',
  'profile',
  'runs',
  'show',
  'status',
  'suggest',
  'test',
  'verify',
]);

/** Options of `run` that a start passes on, with how many words each takes. Where files go is not among them. */
const options: Readonly<Record<string, number>> = {
  '--only': 1,
  '--until': 1,
  '--parameters': 2,
  '-p': 2,
  '--parameters-raw': 2,
  '-r': 2,
  '--parameters-yaml': 1,
  '-y': 1,
  '--matrix': 1,
  '--matrix-exclude': 1,
  '--jobs': 1,
  '-j': 1,
  '--python': 1,
  '--kernel': 1,
  '-k': 1,
  '--env': 1,
  '--execution-timeout': 1,
  '--keep-warm': 1,
  '--keep-going': 0,
  '--force': 0,
  '--no-cache': 0,
  '--one-process': 0,
  '--spawn': 0,
  '--frozen': 0,
  '--no-report': 0,
};

/** Why a command is not passed on; undefined: it is. */
export function refuseCommand(words: readonly string[]): ResponseError | undefined {
  const [name = ''] = words;
  if (words.some((word) => ['--help', '-h', '--version'].includes(word)))
    return { code: errorCodes.notAllowed, message: 'Help is text for people; the service gives documents.' };
  if (commands.has(name)) return undefined;
  const message = `The service does not pass on ${name === '' ? 'a command without a name' : name}. It does: ${[...commands].join(', ')}.`;
  return { code: errorCodes.notAllowed, message };
}

/** Why a run is not started with these options; undefined: it is. */
export function refuseOptions(words: readonly string[]): ResponseError | undefined {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const name = equals < 0 ? word : word.slice(0, equals);
    const takes = Object.hasOwn(options, name) ? options[name] : undefined;
    if (takes === undefined) return notPassedOn(word);
    if (equals >= 0) {
      if (takes !== 1) return notPassedOn(word);
      continue;
    }
    if (at + takes >= words.length + (takes === 0 ? 1 : 0)) {
      return {
        code: errorCodes.invalidParams,
        message: `${name} takes ${takes === 1 ? 'a value' : `${takes} values`}.`,
      };
    }
    at += takes;
  }
  return undefined;
}

function notPassedOn(word: string): ResponseError {
  const message = `A run is not started with ${word}. Options that are passed on: ${Object.keys(options).join(', ')}.`;
  return { code: errorCodes.notAllowed, message };
}
