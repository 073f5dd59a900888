import { expect, test } from 'vitest';
import { readMapping, readValue, toPython } from '../../extensions/cli/parameters.ts';

test.each([
  ['5', '5'],
  ['007', '7'],
  ['-3', '-3'],
  ['1_000', '1000'],
  ['12345678901234567890', '12345678901234567890'],
  ['1.0', '1.0'],
  ['1e5', '1e5'],
  ['.5', '.5'],
  ['inf', "float('inf')"],
  ['-.inf', "float('-inf')"],
  ['nan', "float('nan')"],
  ['True', 'True'],
  ['false', 'False'],
  ['None', 'None'],
  ['null', 'None'],
  ['', '""'],
  ['yes', '"yes"'],
  ['2024-01-31', '"2024-01-31"'],
  ['1.2.3', '"1.2.3"'],
  ['a: b', '"a: b"'],
  ['it\'s "so"\\', '"it\'s \\"so\\"\\\\"'],
  ['é\u2028😀', '"\\u00e9\\u2028\\U0001f600"'],
  ['[1, 2.5, x]', '[1, 2.5, "x"]'],
  ['{a: 1, b: [true, null]}', '{"a": 1, "b": [True, None]}'],
  ['[not closed', '"[not closed"'],
])('-p NAME %j is %s', (word, literal) => {
  expect(toPython(readValue(word))).toBe(literal);
});

test('YAML keeps a float a float, and a date text', () => {
  const read = readMapping('a: 1.0\nb: 10\nc: 2024-01-31\nd: yes\ne: "5"\nf:\n  - 0x10\n', 'text');
  expect(read.ok && [...read.value].map(([name, value]) => `${name} = ${toPython(value)}`)).toEqual([
    'a = 1.0',
    'b = 10',
    'c = "2024-01-31"',
    'd = True',
    'e = "5"',
    'f = [16]',
  ]);
});
