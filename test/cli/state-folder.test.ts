import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isFileError } from '../../runtime/store/local.ts';
import { makeWorkplace, type Workplace } from './installation.ts';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write('n.py', '# %%\nprint(1)\n');
});
afterAll(() => {
  place.remove();
});

/** A folder that one may write into and that belongs to another user: root gives one away, others find that of temporary files. */
function foreignFolder(): string {
  if (process.getuid?.() !== 0) return '/tmp';
  const folder = path.join(place.folder, 'foreign');
  mkdirSync(folder);
  chownSync(folder, 12_345, 12_345);
  return folder;
}

test('stored values of somebody else are not loaded', async () => {
  const folder = foreignFolder();
  for (const command of ['run', 'status', 'verify']) {
    const { code, err } = await place.call(command, 'n.py', '--state', folder);
    expect(code).toBe(2);
    expect(err).toContain(`${folder} belongs to somebody else`);
  }
});

test('an error that names no system call is none of the file system', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-errors-'));
  expect(isFileError(Object.assign(new TypeError('wrong'), { code: 'ERR_INVALID_ARG_TYPE' }))).toBe(false);
  try {
    expect(() => rmSync(path.join(folder, 'missing'))).toThrow(expect.toSatisfy(isFileError));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
