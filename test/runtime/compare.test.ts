import { expect, test } from 'vitest';
import { compareRuns, type CellVerdict, type ExecutedNotebook } from '../../runtime/verify/compare.ts';

type Output = Readonly<Record<string, unknown>>;

function printed(text: string): Output {
  return { output_type: 'stream', name: 'stdout', text };
}

function shown(data: Readonly<Record<string, string>>): Output {
  return { output_type: 'display_data', data, metadata: {} };
}

function raised(ename: string, evalue = ''): Output {
  return { output_type: 'error', ename, evalue, traceback: [ename] };
}

function notebook(outputs: readonly Output[]): ExecutedNotebook {
  return { cells: [{ cell_type: 'code', source: 'f()', outputs }] };
}

function judge(plain: readonly (readonly Output[])[], ours: readonly Output[]): CellVerdict['verdict'] | undefined {
  return compareRuns(plain.map(notebook), notebook(ours))[0]?.verdict;
}

const uuid = (digit: string): string => `${digit.repeat(8)}-0000-0000-0000-000000000000`;

test.each([
  ['an address of a constant', '0xdeadbeef', '0xcafebabe'],
  ['an id that is computed', uuid('1'), uuid('2')],
  ['a path', '/tmp/a', '/tmp/b'],
  ['an attribute', '<p id="a">', '<p id="b">'],
])('%s on which plain runs agree has to be the same', (_, plain, ours) => {
  expect(judge([[printed(plain)], [printed(plain)]], [printed(ours)])).toBe('different');
  expect(
    judge([[shown({ 'text/html': plain })], [shown({ 'text/html': plain })]], [shown({ 'text/html': ours })]),
  ).toBe('different');
});

test('what differs between plain runs is masked at its place alone', () => {
  const text = (address: string, constant: string): Output => printed(`<object at 0x7f00000${address}> 0x${constant}`);
  const plain = [[text('1', 'deadbeef')], [text('2', 'deadbeef')]];
  expect(judge(plain, [text('3', 'deadbeef')])).toBe('equal');
  expect(judge(plain, [text('3', 'cafebabe')])).toBe('different');
});

test('times are never compared', () => {
  expect(judge([[printed('Wall time: 3 µs')], [printed('Wall time: 3 µs')]], [printed('Wall time: 4 µs')])).toBe(
    'equal',
  );
});

test('where plain runs differ, an error or silence of ours is no chance', () => {
  const plain = [[printed('0.123')], [printed('0.456')]];
  expect(judge(plain, [printed('0.789')])).toBe('unstable');
  expect(judge(plain, [raised('NameError')])).toBe('different');
  expect(judge(plain, [printed('0.789'), raised('NameError')])).toBe('different');
  expect(judge(plain, [])).toBe('different');
  expect(judge([[printed('1')], [printed('1'), shown({})]], [])).toBe('different');
  expect(judge([[printed('1')], [printed('1'), shown({})]], [shown({})])).toBe('unstable');
  expect(judge([[raised('OSError', '1')], [raised('OSError', '2')]], [raised('OSError', '3')])).toBe('unstable');
  expect(judge([[raised('OSError', '1')], [raised('OSError', '2')]], [raised('NameError', '3')])).toBe('different');
});

test('an unstable output does not excuse another output of the cell', () => {
  const run = (chance: string, table: string): Output[] => [printed(chance), shown({ 'text/plain': table })];
  expect(judge([run('0.1', 'a'), run('0.2', 'a')], run('0.3', 'a'))).toBe('unstable');
  expect(judge([run('0.1', 'a'), run('0.2', 'a')], run('0.3', 'b'))).toBe('different');
});
