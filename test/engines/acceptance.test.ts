/** What of another machine's work counts here. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { asFromHere, whyHome } from '../../runtime/hosts/acceptance.ts';
import { differentGround } from '../../runtime/hosts/same-here.ts';
import { markOf } from '../../runtime/marks.ts';
import { nothingObserved } from '../../runtime/nothing-observed.ts';
import type { AttemptResult, FileRead, FromAttempt } from '../../runtime/process/protocol.ts';
import { digestOfVariable } from '../../runtime/start-state.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-acceptance-'));
const file = path.join(folder, 'data.csv');
writeFileSync(file, 'a,b\n');
const sha256 = `sha256:${createHash('sha256').update('a,b\n').digest('hex')}`;
/** Of a file with the same size on another machine. */
const elsewhere = 'file:4:1700000000000000000:42:1700000000000000000';

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function done(result: Partial<AttemptResult>): FromAttempt {
  return { type: 'done', result: { status: 'ok', ...nothingObserved, ...result } };
}

function reads(...filesRead: FileRead[]): FromAttempt {
  return done({ filesRead });
}

test('the same content counts although it is another file, and is noted as the file of this machine', () => {
  const message = reads({ path: file, kind: 'content', signature: elsewhere, digest: sha256 });
  expect(whyHome(message, {})).toBeUndefined();
  const here = asFromHere(message);
  expect(here).toEqual(reads({ path: file, kind: 'content', signature: markOf(file, 'content') }));
});

test.each([
  ['other content', { path: file, kind: 'content', signature: elsewhere, digest: sha256.replace(/.$/, 'x') }],
  ['content that nobody could hash', { path: file, kind: 'content', signature: elsewhere, digest: '' }],
  ['a file that is not there', { path: file, kind: 'content', signature: 'missing', digest: '' }],
  ['a file that is only there', { path: `${file}.old`, kind: 'content', signature: elsewhere, digest: sha256 }],
  ['times of a file', { path: file, kind: 'stat', signature: elsewhere, digest: '' }],
  ['names in a folder', { path: folder, kind: 'listing', signature: 'of other names', digest: '' }],
] as const)('%s makes it run here', (_, read) => {
  expect(whyHome(reads(read), {})).toBe(`it looks at ${read.path}, which is not the same there`);
});

test('what is not there on both machines is the same', () => {
  expect(whyHome(reads({ path: `${file}.old`, kind: 'type', signature: 'missing', digest: '' }), {})).toBeUndefined();
});

test('variables of the environment have to be the same', () => {
  const variables = { MODE: 'fast' };
  const same = digestOfVariable(variables, 'MODE');
  expect(whyHome(done({ variables: { MODE: same } }), variables)).toBeUndefined();
  expect(whyHome(done({ variables: { MODE: 'absent' } }), variables)).toContain('the environment variable MODE');
});

test('errors and effects are of this machine', () => {
  expect(whyHome(done({ status: 'error' }), {})).toContain('only believed here');
  expect(whyHome(done({ outside: ['network'] }), {})).toBe('it uses the network');
});

test('imports rest on the same when what was looked for is the same', () => {
  const grounds = { marks: [], names: { [folder]: [] }, wanted: ['numpy', 'bottleneck'] };
  mkdirSync(path.join(folder, 'figures'));
  writeFileSync(path.join(folder, 'own.py'), '');
  expect(differentGround(grounds)).toBeUndefined();
  writeFileSync(path.join(folder, 'bottleneck.py'), '');
  expect(differentGround(grounds)).toBe(path.join(folder, 'bottleneck.py'));
  expect(differentGround({ ...grounds, wanted: ['numpy'] })).toBeUndefined();
  const settings = [file, 'content', elsewhere, ''] as const;
  expect(differentGround({ ...grounds, wanted: [], marks: [settings] })).toBe(file);
  expect(differentGround({ ...grounds, wanted: [], marks: [[file, 'content', elsewhere, sha256]] })).toBeUndefined();
});
