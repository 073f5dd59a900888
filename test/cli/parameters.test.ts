import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readMapping, readValue } from '../../extensions/cli/parameters.ts';
import { toPython } from '../../extensions/cli/python-literal.ts';
import { python } from '../environment.ts';

/** What papermill makes of words after `-p NAME`, and of scalars in a YAML file. */
const papermill = `
import json, sys
import yaml
from papermill.cli import _resolve_type
from papermill.iorw import NoDatesSafeLoader
from papermill.translators import PythonTranslator
words, scalars = json.load(sys.stdin)
from_words = [_resolve_type(word) for word in words]
from_scalars = [yaml.load("a: " + word, Loader=NoDatesSafeLoader)["a"] for word in scalars]
print(json.dumps([
    [repr(value) for value in from_words],
    [repr(value) for value in from_scalars],
    [PythonTranslator.translate(value) for value in from_words],
    [PythonTranslator.translate(value) for value in from_scalars],
]))
`;

/** What Python makes of the literals that we write. */
const ours = `
import json, sys
print(json.dumps([repr(eval(literal)) for literal in json.load(sys.stdin)]))
`;

function ask(program: string, input: unknown): unknown {
  const text = execFileSync(python, ['-c', program], { input: JSON.stringify(input), encoding: 'utf8' });
  return JSON.parse(text);
}

const numbers =
  '5 007 -3 +4 0 -0 -0.0 0.0001 0.00001 1e15 1e16 1e17 123456789012345680.0 1e22 1.5e-7 1e999 5e-324 1_000 1__0 _1 12345678901234567890 1.0 1. .5 -.5 1e5 1E-3 1.5e+3 1_0.5 . 1e 0x10 0b11 0o17 010 08 1:30 inf -inf Infinity nan -nan .inf -.Inf .nan 1.2.3';
const texts =
  'True False None true false null ~ yes no on off y n Null TRUE 2024-01-31 2024-01-31T10:00:00Z é😀 "5" \'it\' [] [1,2.5,x] {b:c} a:b';

test('-p NAME VALUE and YAML mean what papermill makes of them', () => {
  const words = [...`${numbers} ${texts}`.split(' '), '', ' 5 ', 'two words', 'l"a\n', '[1, 2', '\\'];
  const scalars = [...`${numbers} ${texts}`.split(' '), '[1, 2.5, x, true]', '{a: 1, b: [yes, null]}'];
  const [fromWords, fromScalars, wordsWritten, scalarsWritten] = ask(papermill, [words, scalars]) as [
    string[],
    string[],
    string[],
    string[],
  ];
  const literals = words.map((word) => toPython(readValue(word)));
  const read = scalars.map((scalar) => {
    const mapping = readMapping(`a: ${scalar}`, 'text');
    return mapping.ok ? toPython(mapping.value.get('a') ?? null) : `'${mapping.error.message}'`;
  });
  const pair = (names: readonly string[], values: readonly string[]): unknown =>
    Object.fromEntries(names.map((name, index) => [name, values[index]]));
  expect(pair(words, ask(ours, literals) as string[])).toEqual(pair(words, fromWords));
  expect(pair(scalars, ask(ours, read) as string[])).toEqual(pair(scalars, fromScalars));
  // Letter for letter what papermill writes into the injected cell.
  expect(pair(words, literals)).toEqual(pair(words, wordsWritten));
  expect(pair(scalars, read)).toEqual(pair(scalars, scalarsWritten));
});

test('text, lists and mappings are written as papermill writes them', () => {
  const texts = ['it\'s "so"\\', 'é\u2028😀\u007f\u0085\u00a0', 'a\nb\tc\rd\u0000', '', '{x}', '\\n'];
  const program = `
import json, sys
from papermill.translators import PythonTranslator
print(json.dumps([PythonTranslator.translate(value) for value in json.load(sys.stdin)]))
`;
  const nested = [...texts, texts, { [texts[0] ?? '']: [texts[1] ?? '', { a: null, b: true }] }];
  expect(nested.map((value) => toPython(value))).toEqual(ask(program, nested));
});

test.each([
  ['n: &a [*a]', 'it holds itself'],
  [
    `a: &a [x, x]\nb: &b [*a, *a]\n${'cdefghijklmnopqrstuvwxyz'.replaceAll(/./g, (name) => {
      const before = String.fromCharCode(name.charCodeAt(0) - 1);
      return `${name}: &${name} [*${before}, *${before}]\n`;
    })}`,
    'far too large',
  ],
])('YAML %# that has no end is refused', (text, message) => {
  const read = readMapping(text, 'text');
  expect(read.ok ? '' : read.error.message).toContain(message);
});

test('text is written so that no character can end the literal', () => {
  expect(toPython(readValue('it\'s "so"\\'))).toBe('"it\'s \\"so\\"\\\\"');
  expect(toPython(readValue('é\u2028😀'))).toBe('"\\xe9\\u2028\\U0001f600"');
});
