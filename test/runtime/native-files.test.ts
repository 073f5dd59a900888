import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasModules, python, root } from '../environment.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cellwright-native-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => path.join(folder, name);
const isLinux = process.platform === 'linux';

interface Ran {
  readonly reused: number;
  readonly lane: boolean;
  readonly text: string;
  readonly reasons: readonly string[];
}

/** Runs cells and says how many were reused, whether all shared a process, and what they printed. */
function run(cells: readonly string[], before: readonly string[] = [], interpreter = python): Ran {
  writeFileSync(at('notebook.py'), cells.map((cell) => `# %%\n${cell}\n`).join(''));
  const program = path.join(root, 'dist', 'cellwright.mjs');
  const words = ['run', 'notebook.py', '--python', interpreter, '--state', 'state', '-o', 'out.ipynb', '--json'];
  const [command = '', ...rest] = [...before, process.execPath, program, ...words];
  const done = spawnSync(command, rest, { cwd: folder, encoding: 'utf8' });
  expect([0, 1, 3], `${done.stdout}${done.stderr}`).toContain(done.status);
  const record = JSON.parse(done.stdout) as { reused: number; tasks: { reason: string }[] };
  const made = JSON.parse(readFileSync(at('out.ipynb'), 'utf8')) as {
    cells: { outputs: { text?: string | string[] }[] }[];
  };
  const text = made.cells.flatMap((cell) => cell.outputs.flatMap((output) => output.text ?? [])).join('');
  const reasons = record.tasks.map((task) => task.reason);
  return { reused: record.reused, lane: reasons.includes('in one process'), text, reasons };
}

const native = 'import ctypes, os, time\nlibc = ctypes.CDLL(None)\n';
const end = '\ndel libc';

describe('what native code does with files', () => {
  test('is read again only when it has changed', () => {
    const cells = [`${native}print(os.read(libc.open(b"data.txt", 0), 20))${end}`, 'print("other")'];
    writeFileSync(at('data.txt'), 'first');
    expect(run(cells).text).toContain('first');
    expect(run(cells).reused).toBe(isLinux ? 2 : 0);
    writeFileSync(at('data.txt'), 'second');
    const third = run(cells);
    expect(third.text).toContain('second');
    expect(third.reused).toBe(isLinux ? 1 : 0);
  });

  test.each(['CDLL', 'PyDLL'])(
    'waits for its turn when it writes (%s, which lets other threads run or not)',
    (kind) => {
      const waits = 'import os, time\ntime.sleep(1.5)\nprint(os.path.exists("out.txt"))';
      const writes = `${native}os.close(ctypes.${kind}(None).creat(b"out.txt", 0o644))${end}`;
      expect(run([waits, writes, 'print(os.path.exists("out.txt"))']).text).toBe('False\nTrue\n');
    },
  );

  test('is done once when all cells run again', () => {
    const append = `${native}file = libc.open(b"app.txt", os.O_WRONLY | os.O_APPEND)\nos.write(file, b"new\\n")\nos.close(file)${end}`;
    writeFileSync(at('app.txt'), 'old\n');
    run(['import os', append, 'raise ValueError("on purpose")']);
    expect(readFileSync(at('app.txt'), 'utf8')).toBe('old\nnew\n');
  });

  test('makes the file again that somebody removed', () => {
    const cells = [`${native}os.close(libc.creat(b"out.txt", 0o644))${end}`];
    run(cells);
    expect(run(cells).reused).toBe(isLinux ? 1 : 0);
    rmSync(at('out.txt'));
    expect(run(cells).reused).toBe(0);
    expect(existsSync(at('out.txt'))).toBe(true);
  });

  test('is settled once a file that is written over is what it was', () => {
    const cells = [
      `${native}libc.access(b"out.txt", 0)\nlibc.open(b"out.txt", 0)\nos.close(libc.creat(b"out.txt", 0o644))${end}`,
    ];
    const reused = [run(cells), run(cells), run(cells)].map((ran) => ran.reused);
    expect(reused).toEqual(isLinux ? [0, 0, 1] : [0, 0, 0]);
  });
});

describe.runIf(isLinux)('what native code does besides', () => {
  test.each([
    ['starts a program', 'libc.system(b"true")'],
    ['uses the network', 'libc.connect(3, b"\\x02\\x00" + bytes(14), 16)'],
    ['uses a server on this machine', 'libc.connect(3, b"\\x01\\x00/tmp/nobody" + bytes(9), 21)'],
    ['changes attributes', 'libc.chmod(b"notebook.py", 0o644)'],
  ])('a cell is not reused when it %s', (_, doing) => {
    const cells = [`${native}${doing}${end}`];
    run(cells);
    expect(run(cells).reused).toBe(0);
  });

  test('a program runs on when the run is over', async () => {
    const program = 'sleep 2; cat data.txt > late.txt';
    writeFileSync(at('data.txt'), 'late');
    run([`${native}libc.access(b"x", 0)\nimport subprocess\nsubprocess.Popen(["sh", "-c", "${program}"])${end}`]);
    await expect
      .poll(() => existsSync(at('late.txt')) && readFileSync(at('late.txt'), 'utf8'), { timeout: 20_000 })
      .toBe('late');
  }, 30_000);

  test('processes of a pool may be forked meanwhile', () => {
    const pool =
      'import multiprocessing\nwith multiprocessing.get_context("fork").Pool(2) as pool:\n    print(pool.map(abs, [-1, -2]))';
    expect(run(['import time\ntime.sleep(1)', `${native}libc.access(b"x", 0)${end}\n${pool}`]).text).toBe('[1, 2]\n');
  });

  test('is seen through a function that a library took from C while it was imported', () => {
    const site = 'venv/lib/python3*/site-packages';
    const packages = `${python} -c 'import sysconfig; print(sysconfig.get_path("purelib"))'`;
    const library = 'import ctypes\\nopened = ctypes.CDLL(None).open\\n';
    const make = `${python} -m venv --without-pip venv && cd ${site} && ${packages} > all.pth && printf '${library}' > cw_module.py`;
    expect(spawnSync('sh', ['-ec', make], { cwd: folder }).status).toBe(0);
    const cells = ['import cw_module, os', 'print(os.read(cw_module.opened(b"data.txt", 0), 20))'];
    const runIn = (): Ran => run(cells, [], at('venv/bin/python'));
    writeFileSync(at('data.txt'), 'first');
    runIn();
    writeFileSync(at('data.txt'), 'second');
    expect(runIn().text).toContain('second');
  });

  test('is not looked at in one process, which is never reused then', () => {
    const cells = ['1', 'print(_)', `${native}print(os.read(libc.open(b"data.txt", 0), 20))${end}`];
    writeFileSync(at('data.txt'), 'first');
    const ran = run(cells, ['env', 'CELLWRIGHT_KEEP_WARM=0']);
    expect(ran.lane).toBe(true);
    writeFileSync(at('data.txt'), 'second');
    const again = run(cells);
    expect(again.reused).toBe(0);
    expect(again.text).toContain('second');
  });

  test('where it cannot be seen, all cells run in one process', () => {
    const cells = [`${native}print(os.read(libc.open(b"data.txt", 0), 20))${end}`];
    writeFileSync(at('data.txt'), 'first');
    writeFileSync(at('forbid.py'), forbid);
    const ran = run(cells, [python, at('forbid.py')]);
    expect(ran.lane).toBe(true);
    expect(ran.text).toContain('first');
    expect(run(cells, [python, at('forbid.py')]).reused).toBe(0);
  });

  test('notebooks without such code have no filter', () => {
    const status = 'print([line for line in open("/proc/self/status") if line.startswith("Seccomp:")])';
    expect(run(['import pandas, matplotlib.pyplot, sklearn.linear_model', status]).text).toContain('\\t0');
  });
});

/** Runs a command in a world without seccomp(2). */
const forbid = `
import ctypes, os, struct, sys
step = lambda code, operand, yes=0, no=0: struct.pack("HBBI", code, yes, no, operand)
number = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
raw = step(0x20, 0) + step(0x15, number, 0, 1) + step(6, 0x50001) + step(6, 0x7FFF0000)
steps = ctypes.create_string_buffer(raw, len(raw))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(steps)), 16)
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
assert libc.syscall(number, 1, 0, program) == 0
os.execvp(sys.argv[1], sys.argv[1:])
`;

/** Each reads `data.csv` and writes `out.png`, whatever it is: OpenCV goes by names. */
const libraries: readonly { readonly needs: string; readonly cells: readonly string[] }[] = [
  {
    needs: 'polars',
    cells: [
      'import polars as pl, os',
      'print(pl.read_csv("data.csv")["a"].to_list())',
      'pl.DataFrame({"b": [7]}).write_parquet("out.png")',
    ],
  },
  {
    needs: 'duckdb',
    cells: [
      'import duckdb, os',
      'print(duckdb.sql("select a from \'data.csv\'").fetchall())',
      'duckdb.execute("copy (select 7) to \'out.png\' (format csv)")\nNone',
    ],
  },
  {
    needs: 'pyarrow',
    cells: [
      'import pyarrow as pa, pyarrow.csv, pyarrow.parquet, os',
      'print(pa.csv.read_csv("data.csv")["a"].to_pylist())',
      'pa.parquet.write_table(pa.table({"b": [7]}), "out.png")',
    ],
  },
  {
    needs: 'h5py',
    cells: [
      'import h5py, os',
      'print(h5py.is_hdf5("data.csv"))',
      'with h5py.File("out.png", "w") as file:\n    file["b"] = [7]\ndel file',
    ],
  },
  {
    needs: 'cv2',
    cells: [
      'import cv2, numpy, os',
      'print(cv2.imread("data.csv") is None)',
      'print(cv2.imwrite("out.png", numpy.zeros((2, 2), "uint8")))',
    ],
  },
];

describe.runIf(isLinux)('libraries that read and write files by themselves', () => {
  const here = libraries.filter(({ needs }) => hasModules([needs]));
  const skipped = libraries.filter((library) => !here.includes(library));
  test.skip.each(skipped)('$needs (the interpreter of the tests does not have it)', () => undefined);
  test.each(here)(
    '$needs',
    ({ cells: [imports = '', reads = '', writes = ''] }) => {
      const looks =
        'import os, time\ntime.sleep(1.5)\nprint("before" if not os.path.exists("seen") and not os.path.exists("out.png") else "after")';
      const cells = [
        imports,
        reads,
        looks,
        writes,
        'print(os.path.getsize("out.png") > 0)\nos.mkdir("seen") if not os.path.exists("seen") else None',
      ];
      writeFileSync(at('data.csv'), 'a\n1\n');
      expect(run(cells).text).toMatch(/before\n(True\n)?True\n$/);
      run(cells);
      run(cells);
      expect(run(cells).reused, 'nothing has changed').toBe(cells.length);
      writeFileSync(at('data.csv'), 'a\n2\n');
      const changed = run(cells);
      expect(changed.reasons[1]).toContain('data.csv');
      writeFileSync(at('out.png'), 'other');
      expect(run(cells).reasons[3]).toContain('out');
    },
    180_000,
  );
});
