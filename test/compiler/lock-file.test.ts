import { describe, expect, test } from 'vitest';
import { canonicalAddress, readLock, requirementLines, writeLock, type Lock } from '../../compiler/index.ts';

const hash = 'a'.repeat(64);
const inIndex = `packages/01/23/${'4'.repeat(60)}/a-1.0-py3-none-any.whl`;

const lock: Lock = {
  environments: ["sys_platform == 'linux'"],
  requiresPython: '==3.11.*',
  createdBy: 'cellwright',
  packages: [
    {
      name: 'a',
      version: '1.0',
      marker: 'python_version > "3"',
      needs: ['b'],
      sdist: { url: 'https://files.pythonhosted.org/a-1.0.tar.gz', size: 3, hashes: { sha256: hash } },
      wheels: [{ url: `https://files.pythonhosted.org/${inIndex}`, hashes: { sha256: hash } }],
    },
    { name: 'b', needs: [], directory: { path: '../b "c"', editable: true }, wheels: [] },
    {
      name: 'c',
      version: '2',
      needs: [],
      vcs: { type: 'git', url: 'https://example.org/c', requestedRevision: 'main', commit: 'f00', subdirectory: 'd' },
      wheels: [],
    },
    { name: 'd', version: '3', needs: [], archive: { path: 'd-3.whl', hashes: { sha256: hash } }, wheels: [] },
  ],
  own: { notebook: 'n.ipynb', python: '3.11.7', asked: ['x'], imported: ['a'] },
};

test('what is written is what is read', () => {
  expect(readLock(writeLock(lock), 'pylock.toml')).toEqual({ ok: true, value: lock });
  expect(writeLock({ ...lock, packages: [...lock.packages].reverse() })).toBe(writeLock(lock));
});

test('a lock in the words of an installer', () => {
  const { hashed, direct } = requirementLines(lock, (path) => `file:///at/${encodeURI(path)}`);
  const here = "((sys_platform == 'linux'))";
  expect(hashed).toEqual([
    `a==1.0 ; ${here} and (python_version > "3") --hash=sha256:${hash}`,
    `d @ file:///at/d-3.whl ; ${here} --hash=sha256:${hash}`,
  ]);
  expect(direct).toEqual([
    `-e b @ file:///at/../b%20%22c%22 ; ${here}`,
    `c @ git+https://example.org/c@f00#subdirectory=d ; ${here}`,
  ]);
});

describe('addresses', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`https://mirror.example/${inIndex}`, `https://files.pythonhosted.org/${inIndex}`],
    [`https://me:secret@mirror.example/pypi/${inIndex}#sha256=1`, `https://files.pythonhosted.org/${inIndex}`],
    [`https://test-files.pythonhosted.org/${inIndex}`, `https://test-files.pythonhosted.org/${inIndex}`],
    ['https://me:secret@private.example/simple/a/a-1.0.whl?token=x', 'https://private.example/simple/a/a-1.0.whl'],
    ['https://private.example/packages/a-1.0.whl', 'https://private.example/packages/a-1.0.whl'],
  ];
  test.each(cases)('%s', (given, expected) => {
    expect(canonicalAddress(given)).toBe(expected);
  });
});

describe('what is refused', () => {
  const head = 'lock-version = "1.0"\ncreated-by = "x"\n';
  const wheel = (name: string, more = ''): string =>
    `${head}[[packages]]\nname = "${name}"\nversion = "1"\n${more}wheels = [{ url = "https://x/y", hashes = { sha256 = "${hash}" } }]\n`;
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['no TOML', 'a = ', /is not TOML: line 1/],
    ['a later version', 'lock-version = "2.0"\ncreated-by = "x"\npackages = []', /lock-version is 2\.0/],
    ['no packages', head, /packages is missing/],
    ['groups', `${head}dependency-groups = ["dev"]\npackages = []`, /has dependency-groups/],
    ['a name that is an option', wheel('--index-url'), /is no name of a package/],
    ['a second line in a version', wheel('a').replace('"1"', '"1\\n--index-url https://x"'), /is no version/],
    ['a second line in a marker', wheel('a', 'marker = "a\\n--b"\n'), /is more than one line/],
    ['no hash', wheel('a').replace(hash, ''), /has no hash/],
    ['two sources', wheel('a', 'directory = { path = "." }\n'), /not exactly one kind of source/],
    ['no source', `${head}[[packages]]\nname = "a"\nversion = "1"\n`, /not exactly one kind of source/],
    [
      'a program in the place of an address',
      `${head}[[packages]]\nname = "a"\nvcs = { type = "git", url = "ext::sh -c x", commit-id = "1" }\n`,
      /address that cannot be used/,
    ],
  ];
  test.each(cases)('%s', (_, text, expected) => {
    const read = readLock(text, 'pylock.toml');
    expect(read.ok ? '' : read.error[0]?.message).toMatch(expected);
    expect(read.ok ? '' : read.error[0]?.code).toBe('CW702');
  });
});
