/** What all engines share, with two hosts that are processes of this machine and come over TCP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { python } from '../environment.ts';
import { hostsAway, printed, processesWith, runOn, startOn, untilSaid, writeNotebook, type Bench } from './run-on.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'cellwright-hosts-'));
const bench: Bench = { url: 'local://2', python, scratch };

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

// The number of the process is asked for in a roundabout way: its plain name would say that all cells belong into one.
const hazards = `
import os, threading, time
rows = [3, 1, 2]
same = rows
---
a = sorted(rows)
pids = {getattr(os, 'get' + 'pid')()}
time.sleep(1)
---
b = sum(rows)
others = {getattr(os, 'get' + 'pid')()}
time.sleep(1)
---
same.append(len(pids | others))
---
print(rows, a, b)
---
getattr(os, 'sys' + 'tem')('exit 0')
---
with open('written.txt', 'w') as file:
    file.write(str(rows))
---
print(open('written.txt').read())
---
adder = lambda number: number + rows[0]
lock = threading.Lock()
---
print(adder(1), lock.acquire(), lock.locked())
---
print(len(os.environ['HOME']) > 0, getattr(os, 'get' + 'pid')() in pids | others)
`;

test(
  'tasks spread over hosts, each in a process of its own, and give what Run All gives',
  { timeout: 120_000 },
  async () => {
    const notebook = writeNotebook(bench, 'hazards', hazards);
    const first = await runOn(bench, notebook);
    expect(first.status, first.said).toBe(0);
    const wanted = [
      '',
      '',
      '',
      '',
      '[3, 1, 2, 2] [1, 2, 3] 6\n',
      '',
      '',
      '[3, 1, 2, 2]',
      '',
      '4 True True\n',
      'True False\n',
    ];
    expect(printed(notebook).map((text, index) => (index === 7 ? text.trimEnd() : text))).toEqual(wanted);
    const places = first.tasks.map(({ place }) => place);
    expect(new Set(places.slice(1, 3)), first.said).toEqual(new Set(['local 1', 'local 2']));
    // What acts on the outside, or reads what that left in the notebook's folder, runs here.
    expect(places.slice(5, 8)).toEqual([null, null, null]);
    expect(first.tasks[5]?.dropped).toEqual([expect.stringContaining('it starts a program')]);
    expect(hostsAway()).toEqual([]);
    expect(processesWith('/host.py')).toEqual([]);
    const again = await runOn(bench, notebook);
    expect(printed(notebook)[4]).toBe(wanted[4]);
    // It is known by now where that has to run; a program is never reused, and what is reused needs no host.
    expect(again.tasks.filter(({ status }) => status === 'ran').map(({ place }) => place)).toEqual([null]);
    expect(again.tasks.flatMap(({ dropped }) => dropped)).toEqual([]);
  },
);

const wide = [
  'import time',
  ...[1, 2, 3, 4].map((number) => `time.sleep(1.5)\nv${String(number)} = ${String(number)}`),
  'print(v1 + v2 + v3 + v4)',
].join('\n---\n');

test(
  'a host that is killed costs an attempt, a driver that is killed what had not retired',
  { timeout: 120_000 },
  async () => {
    const notebook = writeNotebook(bench, 'lost', wide);
    const going = startOn(bench, notebook);
    await untilSaid(going, /ran {6}01_/);
    const [victim] = hostsAway();
    process.kill(victim ?? 0, 'SIGKILL');
    await untilSaid(going, /was lost; another one is asked for/);
    await untilSaid(going, /ran {6}03_/);
    going.child.kill('SIGKILL');
    const killed = await going.end;
    const retired = (killed.said.match(/^ran /gm) ?? []).length;
    expect(retired).toBeGreaterThanOrEqual(3);
    const second = await runOn(bench, notebook);
    expect(second.status, second.said).toBe(0);
    expect(printed(notebook).at(-1)).toBe('10\n');
    expect(second.tasks.filter(({ status }) => status === 'reused').length).toBe(retired);
    expect(processesWith('/host.py')).toEqual([]);
  },
);
