// What the scheduler itself costs for each task of many variants of a small notebook, in processor time and memory:
//   npm run build && node build/bench-variants.mjs [NUMBER]
// The difference between a few variants and many: what a start costs does not count.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const program = path.join(root, 'dist', 'cellwright.mjs');
const python = process.env.CELLWRIGHT_TEST_PYTHON ?? path.join(root, '.venv', 'bin', 'python');
const number = Number(process.argv[2] ?? 1000);
const few = 20;

const notebook = `# %% tags=["parameters"]
n = 1
# %%
base = list(range(100))
# %%
total = sum(base) * n
# %%
label = f"{n}: {total}"
# %%
print(label)
`;
const tasks = 6;

// Told by the process itself at its end: what its children use is theirs.
const meter = `process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  process.stderr.write(JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS / 1024 }));
});`;

const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-bench-'));
writeFileSync(path.join(folder, 'small.py'), notebook);
writeFileSync(path.join(folder, 'meter.mjs'), meter);

/** Milliseconds of processor time and MiB. */
function measure(from, to) {
  const words = [
    'backtest',
    'small.py',
    'out',
    '-p',
    'n',
    `${from}..${to}`,
    '--state',
    'state',
    '--python',
    python,
    '-q',
  ];
  const { status, stderr } = spawnSync(process.execPath, ['--import', './meter.mjs', program, ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stderr);
}

try {
  const start = measure(1, few);
  const all = measure(few + 1, few + number);
  const each = (all.cpu - start.cpu) / ((number - few) * tasks);
  const cost = `${each.toFixed(2)} ms of the scheduler's processor time a task`;
  const memory = `at most ${all.memory.toFixed(0)} MiB; with ${few} variants ${start.memory.toFixed(0)} MiB`;
  process.stdout.write(`${number} variants, ${number * tasks} tasks: ${cost}\n${memory}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
