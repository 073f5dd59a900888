import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../environment.ts';

test('compiler and worker agree on which code asks for its lines', () => {
  const patternIn = (file: string, form: RegExp): string | undefined =>
    form.exec(readFileSync(path.join(root, file), 'utf8'))?.[1];
  const compiler = patternIn('compiler/2-analyze/python/normalise.ts', /asksForLines = \/(.*)\/;/);
  const worker = patternIn('runtime/python/cellwright_worker/cellcode.py', /_ASKS_FOR_LINES = re\.compile\(r"(.*)"\)/);
  expect(compiler).toBeTypeOf('string');
  expect(worker).toBe(compiler);
});
