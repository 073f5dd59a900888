import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { python, root } from '../environment.ts';

/** Prints each native file of an installed package that counts as harmless, with the functions it links to that open, start or reach something. */
const links = `
import os, re, subprocess, sys, sysconfig
sys.path.insert(0, sys.argv[1])
from cellwright_worker import native_code
opens = re.compile(r" U (open|open64|openat|openat64|fopen|fopen64|freopen|freopen64|creat|connect|exec\\w*|popen|system|fork|posix_spawn\\w*|"
                   r"mkstemp\\w*|_ZNSt\\w*basic_(?:filebuf|ifstream|ofstream|fstream)\\w*?4open\\w*)(?:@|$)", re.MULTILINE)
folder = sysconfig.get_path("purelib")
files = []
for parent, _, names in os.walk(folder):
    for name in names:
        file = os.path.join(parent, name)
        if re.search(r"\\.so\\b", name) and native_code._is_harmless(file) and not ".libs" + os.sep in file:
            files.append(file)
# With two files each part has its file's name at the beginning.
linked = subprocess.run(["nm", "-D", "--undefined-only", *files], capture_output=True, text=True).stdout
for part in re.split(r"\\n(?=/.*:$)", linked, flags=re.MULTILINE):
    if opens.search(part):
        print(os.path.relpath(part.strip().partition(":")[0], folder).partition(".")[0])
`;

/** These link to such functions and open nothing under a name that a notebook gives, and why. */
const reviewed = [
  'matplotlib/_qhull', // writes where an option of Qhull says, which matplotlib does not pass on
  'matplotlib/ft2font', // FreeType gets streams of files that Python opened
  'rpds/rpds', // linked by Rust's library, which is not asked for files
  'scipy/optimize/_highspy/_core', // models come from memory
  'scipy/optimize/_highspy/_highs_options', // as before
  'scipy/spatial/_qhull', // only where the option `TO` of Qhull says: docs/limits.md
  'scipy/stats/_unuran/unuran_wrapper', // a log for its own developers
];

const hasNm = process.platform === 'linux' && spawnSync('nm', ['--version']).status === 0;

describe('native code that counts as harmless', () => {
  test.runIf(hasNm)(
    'opens no files by itself, as far as it links to nothing that does',
    () => {
      const done = spawnSync(python, ['-c', links, path.join(root, 'runtime', 'python')], { encoding: 'utf8' });
      expect(done.status, done.stderr).toBe(0);
      const unexpected = done.stdout.split('\n').filter((name) => name !== '' && !reviewed.includes(name));
      expect(unexpected).toEqual([]);
    },
    120_000,
  );
});
