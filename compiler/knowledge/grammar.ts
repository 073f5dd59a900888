import { stateNames, type StateName } from '../bundle/format.ts';
import type { Argument, Gives, LibraryEffect } from './entry.ts';

const argumentWords = /^(?:(\d+)|([A-Za-z_]\w*)|(\d+) or ([A-Za-z_]\w*))$/;

function readArgument(text: string): Argument | undefined {
  const found = argumentWords.exec(text);
  if (found === null) return undefined;
  const position = found[1] ?? found[3];
  const keyword = found[2] ?? found[4];
  return {
    ...(position === undefined ? {} : { position: Number(position) }),
    ...(keyword === undefined ? {} : { keyword }),
  };
}

const plainWords: Readonly<Record<string, readonly LibraryEffect[]>> = {
  nothing: [],
  'changes receiver': [{ kind: 'changes-receiver' }],
  'starts program': [{ kind: 'outside', outside: 'subprocess' }],
  'reaches network': [{ kind: 'outside', outside: 'network' }],
  'reads names in text': [{ kind: 'names-in-text' }],
  'evaluates text': [{ kind: 'runs-text', expression: true }],
  'runs text': [{ kind: 'runs-text', expression: false }],
  'runs cell': [{ kind: 'runs-cell' }],
  'sees every variable': [{ kind: 'every-variable', bare: false }],
  'sees every variable when bare': [{ kind: 'every-variable', bare: true }],
};

/** What a table can speak of: what cells gave and which modules are there shows itself in another way. */
const states: ReadonlySet<string> = new Set(
  stateNames.filter((name) => name !== 'output-history' && name !== 'modules'),
);

function isState(name: string): name is StateName {
  return states.has(name);
}

/** The name of a kind of hidden state, or nothing when there is none of that name. */
export function parseState(text: string): StateName | undefined {
  return isState(text) ? text : undefined;
}

/** One phrase of `does`; nothing when it is none. */
function parseEffect(text: string): readonly LibraryEffect[] | undefined {
  const plain = plainWords[text];
  if (plain !== undefined) return plain;
  const [, verb = '', rest = ''] =
    /^(changes receiver if|changes argument|draws from|\w+ file|reads|writes) (.+)$/.exec(text) ?? [''];
  switch (verb) {
    case 'changes receiver if':
      return [{ kind: 'changes-receiver', onlyIf: rest }];
    case 'changes argument': {
      const argument = readArgument(rest);
      return argument === undefined ? undefined : [{ kind: 'changes-argument', argument }];
    }
    case 'reads file':
    case 'writes file':
    case 'opens file': {
      const argument = rest === 'receiver' ? rest : readArgument(rest);
      const access = verb === 'reads file' ? 'read' : verb === 'writes file' ? 'write' : 'open';
      return argument === undefined ? undefined : [{ kind: 'file', access, argument }];
    }
    case 'reads':
    case 'writes': {
      const state = parseState(rest);
      return state === undefined ? undefined : [{ kind: 'state', state, access: verb === 'reads' ? 'read' : 'write' }];
    }
    case 'draws from': {
      const [name = '', unless] = rest.split(' unless ');
      const state = parseState(name);
      if (state === undefined) return undefined;
      const more = unless === undefined ? {} : { unless };
      return [
        { kind: 'state', state, access: 'read', ...more },
        { kind: 'state', state, access: 'write', ...more },
      ];
    }
    default:
      return undefined;
  }
}

/** What the phrases of `does`, with commas between them, say; nothing when one of them says nothing. */
export function parseEffects(text: string): readonly LibraryEffect[] | undefined {
  const found: LibraryEffect[] = [];
  for (const phrase of text.split(', ')) {
    const effects = parseEffect(phrase);
    if (effects === undefined) return undefined;
    found.push(...effects);
  }
  return found;
}

const specials: Readonly<Record<string, NonNullable<Gives['special']>>> = {
  receiver: 'receiver',
  'a copy': 'copy',
  'halves of arguments': 'halves',
  elements: 'elements',
  'numbered elements': 'numbered',
  'paired elements': 'paired',
};

function parseTypes(text: string): readonly string[] {
  return text === '' || text === 'unknown' ? [] : text.split(' | ');
}

/** What the words of `gives` say: `part Axes`, `joined [Figure, Axes | AxesGrid]`, `receiver`, or nothing. */
export function parseGives(text: string): Gives {
  const special = specials[text];
  if (special !== undefined) return { types: [], special };
  const [, words = '', rest = ''] = /^((?:part|fresh|joined)?) ?(.*)$/.exec(text) ?? [];
  const tuple = /^\[(.*)\]$/.exec(rest)?.[1];
  if (tuple !== undefined) return { types: [], tuple: tuple.split(', ').map(parseTypes), joined: words === 'joined' };
  const types = parseTypes(rest);
  return words === 'part' || words === 'fresh' ? { types, sharing: words } : { types };
}
