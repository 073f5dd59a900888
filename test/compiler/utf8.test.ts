import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../compiler/bundle/canonical.ts';
import { readNotebook } from '../../compiler/1-read/read.ts';

test('UTF-8 is written as the platform writes it, and read back', () => {
  const samples = [
    '',
    'a',
    '\u007F\u0080\u07FF\u0800\uFFFF',
    '😀é',
    'a\uD800',
    '\uD800b',
    '\uDC00\uD800',
    '\u{10FFFF}',
  ];
  for (const text of [...samples, samples.join('')]) {
    expect([...encodeUtf8(text)]).toEqual([...new TextEncoder().encode(text)]);
    expect(decodeUtf8(encodeUtf8(text))).toBe(new TextDecoder().decode(new TextEncoder().encode(text)));
  }
});

test('a file that is longer than a text can be is refused', () => {
  const found = readNotebook(new Uint8Array(500_000_001), 'n.ipynb');
  expect(found.ok ? undefined : found.error[0]?.code).toBe('CW110');
});
