import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCause, type Evidence } from '../../runtime/certificate/cause.ts';
import type { Task } from '../../compiler/bundle/format.ts';
import type { Facts, RecordedCell } from '../../runtime/certificate/format.ts';
import { differenceOf, readOutputs, recordOutputs } from '../../runtime/certificate/outputs.ts';
import { lineageOf, pairCells } from '../../runtime/certificate/pairs.ts';
import { findPlaceWords } from '../../runtime/certificate/places.ts';
import { digestOfText, readCertificate, writeCertificate } from '../../runtime/certificate/read.ts';

const words = findPlaceWords({
  notebook: '/home/ada/work/paper',
  cwd: '/home/ada/work/paper',
  packages: ['/home/ada/work/paper/.venv/lib/python3.11/site-packages', '/home/ada/work', '/home/ada/work/paper/src'],
  library: '/usr/lib/python3.11',
  python: ['/home/ada/work/paper/.venv'],
  home: '/home/ada',
  user: 'ada',
});

describe('places', () => {
  test.each([
    ['/home/ada/work/paper/data/t.csv', 'data/t.csv'],
    ['/home/ada/work/paper', '.'],
    ['/home/ada/work/data/t.csv', '../data/t.csv'],
    ['/home/ada/data/t.csv', '../../data/t.csv'],
    ['/home/ada/work/paper/.venv/lib/python3.11/site-packages/tiny/a.csv', '{packages}/tiny/a.csv'],
    ['/home/ada/work/paper/.venv/bin/tool', '{python}/bin/tool'],
    ['/usr/lib/python3.11/json/decoder.py', '{library}/json/decoder.py'],
    ['/home/bob/t.csv', '{elsewhere}/t.csv'],
    ['/mnt/ada/deep/t.csv', '{elsewhere}/t.csv'],
    ['/home/ada/work/paper/src/own.py', 'src/own.py'],
  ])('%s is %s', (file, shown) => {
    expect(words.pathOf(file)).toBe(shown);
  });

  test.each([
    ['/work/nb', '/work/data/t.csv', '../data/t.csv'],
    ['/mnt/ada/nb', '/mnt/bob/t.csv', '{elsewhere}/t.csv'],
    ['/srv/team/ada/nb', '/srv/team/data/t.csv', '../../data/t.csv'],
    ['/nb', '/etc/t.csv', '{elsewhere}/t.csv'],
  ])('from %s, %s is %s', (notebook, file, shown) => {
    const none = { packages: [], library: '', python: [], home: '/home/eve', user: 'eve' };
    expect(findPlaceWords({ notebook, cwd: notebook, ...none }).pathOf(file)).toBe(shown);
  });

  test('folders in a text are replaced, and names that only begin like them are not', () => {
    expect(words.hide('in /home/ada/work/paper: /home/ada/work/paper/x.py:3, /home/ada/work/papers, /home/ada.')).toBe(
      'in {notebook}: {notebook}/x.py:3, {home}/work/papers, {home}.',
    );
    expect(words.hide('https://example.org/home/ada/work/paper')).toBe('https://example.org/home/ada/work/paper');
    expect(words.hide('File ~/work/paper/x.py:3, File ~/work/paper/.venv/lib/python3.11/site-packages/a.py:1')).toBe(
      'File {notebook}/x.py:3, File {packages}/a.py:1',
    );
  });

  test('a folder that a link leads to is the same folder', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-places-'));
    const own = findPlaceWords({
      notebook: folder,
      cwd: folder,
      packages: [],
      library: '',
      python: [],
      home: '',
      user: '',
    });
    expect(own.pathOf(path.join(folder, 'x'))).toBe('x');
    rmSync(folder, { recursive: true });
  });
});

const stdout = (text: string): ReturnType<typeof readOutputs> =>
  readOutputs([{ output_type: 'stream', name: 'stdout', text }], (shown) => shown);

describe('outputs', () => {
  test('what all runs share is compared, line by line where they differ', () => {
    const recorded = recordOutputs([stdout('rows 3\nat 10:01'), stdout('rows 3\nat 10:02')]);
    expect(recorded.outputs?.[0]?.parts).toEqual([{ name: 'text', masked: [], lines: [digestOfText('rows 3'), ''] }]);
    expect(differenceOf(recorded, stdout('rows 3\nat 11:59'))).toBe('');
    expect(differenceOf(recorded, stdout('rows 4\nat 10:01'))).toBe('stdout is another text in line 1: "rows 4" here');
    expect(differenceOf(recorded, stdout('rows 3'))).toBe('stdout has 1 lines here, 2 in the certificate');
    expect(differenceOf(recorded, [])).toBe('outputs in the certificate, nothing here');
  });

  test('addresses that differ from run to run are masked, those that do not are compared', () => {
    const moving = recordOutputs([stdout('<a at 0x7f0000000010>'), stdout('<a at 0x7f0000000020>')]);
    expect(differenceOf(moving, stdout('<a at 0x7f0000000030>'))).toBe('');
    const fixed = recordOutputs([stdout('0xdeadbeef'), stdout('0xdeadbeef')]);
    expect(differenceOf(fixed, stdout('0xdeadbeee'))).not.toBe('');
  });

  test('where runs give other kinds of outputs, only how they end is compared', () => {
    const recorded = recordOutputs([stdout('once'), []]);
    expect(recorded).toEqual({ ends: ['nothing', 'outputs'] });
    const error = readOutputs([{ output_type: 'error', ename: 'KeyError', evalue: '', traceback: [] }], String);
    expect(differenceOf(recorded, stdout('twice'))).toBe('');
    expect(differenceOf(recorded, error)).toBe('nothing or outputs in the certificate, raises KeyError here');
  });
});

function cell(name: string, code: string, needs: readonly string[] = []): RecordedCell {
  const digest = digestOfText(code);
  const nothing = { cause: '', ends: ['nothing'], outputs: [], packages: [], files: [], variables: [] };
  return { id: name, name, number: 1, source: digest, code: digest, verdict: 'equal', needs, ...nothing };
}

describe('cells', () => {
  const named = (before: readonly RecordedCell[], now: readonly RecordedCell[]): readonly string[] =>
    pairCells(before, now).map((pair) => `${pair.before?.name ?? '-'} ${pair.now?.name ?? '-'} ${pair.place ?? '-'}`);

  test('are paired by their code, and between these by their order', () => {
    const old = [cell('a', '1'), cell('b', '2'), cell('c', '3')];
    expect(named(old, old)).toEqual(['a a 0', 'b b 1', 'c c 2']);
    expect(named(old, [cell('a', '1'), cell('b', '2+'), cell('c', '3')])).toEqual(['a a 0', 'b b 1', 'c c 2']);
    expect(named(old, [cell('n', '0'), cell('a', '1'), cell('c', '3')])).toEqual(['- n 0', 'a a 1', 'b - -', 'c c 2']);
    expect(named(old, [])).toEqual(['a - -', 'b - -', 'c - -']);
    expect(named([], old)).toEqual(['- a 0', '- b 1', '- c 2']);
  });

  test('depend on others, the nearest first, also on those that are gone', () => {
    const old = [cell('a', '1'), cell('b', '2', ['a']), cell('c', '3', ['b'])];
    const now = [cell('a', '1'), cell('c', '3', [])];
    const pairs = pairCells(old, now);
    const last = pairs.at(-1);
    expect(last === undefined ? [] : lineageOf(last, pairs).map(({ before }) => before?.name)).toEqual(['c', 'b', 'a']);
  });
});

describe('the likely cause', () => {
  const own = { ...cell('own', '1', ['first']), packages: ['pandas'] };
  const first = { ...cell('first', '0'), files: ['t.csv'] };
  const evidence: Evidence = {
    lineage: [own, first].map((one) => ({ before: one, now: one, place: 0 })),
    differences: [
      { kind: 'platform', name: 'platform', what: 'the platform' },
      { kind: 'package', name: 'zope', what: 'zope' },
      { kind: 'package', name: 'numpy', what: 'numpy' },
    ],
    environment: { packages: [{ name: 'pandas', version: '2', modules: [], needs: ['numpy'] }] },
    tasks: new Map(),
    varies: undefined,
  };

  test('is a package that an imported one needs, before the platform and what nothing needs', () => {
    expect(findCause(evidence).what).toBe('numpy, which a package that it imports needs');
    const alone = { ...evidence, environment: { packages: [] } };
    expect(findCause(alone).what).toBe('the platform');
    const task = { name: 'own', source: 'datetime.now()', accesses: [], executionCount: 1 } as unknown as Task;
    expect(findCause({ ...alone, tasks: new Map([['own', task]]) }).what).toMatch(/^the platform; or the time of day/);
  });

  test('is data that a cell before reads, before any package', () => {
    const data = { kind: 'file', name: 't.csv', what: 't.csv' } as const;
    expect(findCause({ ...evidence, differences: [...evidence.differences, data] }).kind).toBe('data');
  });

  test('is code where a module beside the notebook is another one', () => {
    const module = { kind: 'file', name: 'helper.py', what: 'helper.py' } as const;
    const reader = { ...own, files: ['helper.py'] };
    const lineage = [{ before: reader, now: reader, place: 0 }];
    expect(findCause({ ...evidence, lineage, differences: [module] }).kind).toBe('code');
  });

  test('is chance where two runs differ here, before any package', () => {
    expect(findCause({ ...evidence, varies: true }).kind).toBe('randomness');
  });

  test('is not known where nothing is other than it was', () => {
    expect(findCause({ ...evidence, differences: [] }).kind).toBe('unknown');
  });
});

describe('reading', () => {
  const facts: Facts = {
    notebook: { name: 'n.py', code: digestOfText(''), folder: '.' },
    parameters: [{ name: 'a', value: { dict: [{ key: 'b', value: [null, true, { float: '1.0' }, '\ud800'] }] } }],
    cells: [cell('a', '1')],
    files: [],
    environment: {
      python: { implementation: 'CPython', version: '3.11.7' },
      platform: { system: 'Linux', machine: 'x86_64', libc: '' },
      packages: [],
      variables: [],
    },
  };
  const text = writeCertificate(facts, { at: '2026-01-01T00:00:00.000Z', by: 'a test' });

  test('gives what was written', () => {
    const read = readCertificate(text, 'c.json');
    expect(read.ok && read.value.facts).toEqual(facts);
  });

  test('no other letter anywhere gives other facts', () => {
    for (let place = 0; place < text.length; place++) {
      const other = text[place] === '1' ? '2' : '1';
      const read = readCertificate(text.slice(0, place) + other + text.slice(place + 1), 'c.json');
      if (read.ok) expect(read.value.facts).toEqual(facts);
    }
  });

  test('what is nested without end is refused', () => {
    const deep = `{"formatVersion": 1, "facts": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const value = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const other of [deep, text.replace('"value": {', `"value": ${value}, "other": {`)]) {
      const read = readCertificate(other, 'c.json');
      expect(read.ok ? '' : read.error[0]?.code).toMatch(/^CW60[24]$/);
    }
  });
});
