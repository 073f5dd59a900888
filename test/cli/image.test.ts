import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeWorkplace, type Workplace } from './installation.ts';
import { mistakesIn } from './schemas.ts';

const hash = 'a'.repeat(64);
const lock = `lock-version = "1.0"
requires-python = "==3.11.*"
created-by = "cellwright"

[[packages]]
name = "ipython"
version = "9.1.0"
wheels = [
  { url = "https://files.pythonhosted.org/ipython-9.1.0-py3-none-any.whl", hashes = { sha256 = "${hash}" } },
]

[tool.cellwright]
notebook = "sums.py"
python = "3.11.7"
asked = []
imported = []
`;
const notebook = '# %%\nrows = [1, 2]\n# %%\ntotal = sum(rows)\n# %%\nprint(total)\n';

let place: Workplace;
beforeAll(() => {
  place = makeWorkplace();
  place.write('sums.py', notebook);
  place.write('pylock.toml', lock);
});
afterAll(() => {
  place.remove();
});

/** The files of a folder below the working folder, by path. */
function filesIn(folder: string): ReadonlyMap<string, string> {
  const full = path.join(place.folder, folder);
  const names = readdirSync(full, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(path.join(full, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(path.join(full, name), 'utf8')]));
}

describe('image', () => {
  test('writes a folder with locked packages, a user that is nobody, and the bundle last', async () => {
    const { code, out, err } = await place.call('image', 'sums.py', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(mistakesIn([['image', out]])).toBe('');
    const files = filesIn('sums.image');
    expect(files.get('packages.txt')).toBe(`ipython==9.1.0 --hash=sha256:${hash}\n`);
    const dockerfile = files.get('Dockerfile') ?? '';
    expect(dockerfile).toContain('ARG BASE=docker.io/library/python:3.11.7-slim-bookworm\n');
    const steps = ['--require-hashes', 'USER 10001:10001', 'COPY worker ', 'COPY bundle ', 'LABEL '];
    const places = steps.map((step) => dockerfile.indexOf(step));
    expect(places).toEqual([...places].sort((left, right) => left - right));
    expect(places).not.toContain(-1);
    const { bundle } = JSON.parse(out) as { bundle: string };
    expect(dockerfile).toContain(`dev.cellwright.bundle="${bundle}"`);
    expect(files.get('bundle/steps.sh')).toBe('step 01_rows\nstep 02_total 01_rows\nstep 03_cell 02_total\n');
    expect([...files.keys()]).toEqual(
      expect.arrayContaining(['bundle/bundle.json', 'bundle/plan.json', 'worker/task.py']),
    );
  });

  test('gives the same bytes each time, and for another text of a cell other ones in the last layer alone', async () => {
    const before = filesIn('sums.image');
    await place.call('image', 'sums.py');
    expect(filesIn('sums.image')).toEqual(before);
    place.write('sums.py', notebook.replace('[1, 2]', '[1, 3]'));
    await place.call('image', 'sums.py');
    const after = filesIn('sums.image');
    const changed = [...after].flatMap(([name, text]) => (before.get(name) === text ? [] : [name]));
    expect(changed.filter((name) => !name.startsWith('bundle/'))).toEqual(
      ['Dockerfile', 'emitted.json'].filter((name) => changed.includes(name)),
    );
    const withoutLabels = (text = ''): string => text.slice(0, text.indexOf('LABEL '));
    expect(withoutLabels(after.get('Dockerfile'))).toBe(withoutLabels(before.get('Dockerfile')));
  });

  test('takes another base, and nothing that would be more than the name of one', async () => {
    await place.call('image', 'sums.py', '--base', 'python@sha256:' + hash, '-o', 'other');
    expect(filesIn('other').get('Dockerfile')).toContain(`ARG BASE=python@sha256:${hash}\n`);
    const { code, err } = await place.call('image', 'sums.py', '--base', 'a\nRUN evil', '-o', 'third');
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('is no name of an image') as string });
  });

  test('needs a lock, with hashes for all', async () => {
    place.write('alone/other.py', notebook);
    const none = await place.call('image', 'alone/other.py');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('cellwright lock alone/other.py') as string });
    place.write('alone/pylock.toml', `${lock}\n[[packages]]\nname = "mine"\ndirectory = { path = "../mine" }\n`);
    const local = await place.call('image', 'alone/other.py');
    expect(local).toMatchObject({ code: 2, err: expect.stringContaining('mine @ ../mine') as string });
  });
});
