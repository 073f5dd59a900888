/**
 * Makes the example calls of a table of JavaScript, and tells what each did. Reads a library as JSON from standard input, whose examples
 * are taken apart already; runs in Node and in Deno.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import util from 'node:util';

const modules = {
  fs,
  promises: fs.promises,
  path,
  child_process: childProcess,
  os,
  util,
  crypto: globalThis.crypto,
  nodeCrypto: await import('node:crypto'),
  timers_promises: await import('node:timers/promises'),
  process,
};
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cellwright-observe-'));
const bin = path.join(home, 'bin');
fs.mkdirSync(bin);
const started = path.join(home, 'started');
fs.writeFileSync(path.join(bin, 'true'), `#!/bin/sh\necho x >> '${started}'\n`, { mode: 0o755 });
const environment = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };

const counts = { random: 0, network: 0 };
const { random } = Math;
Math.random = () => {
  counts.random++;
  return random();
};
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  counts.network++;
  return connect.apply(this, given);
};
if (globalThis.Deno !== undefined) {
  const { fetch } = globalThis;
  globalThis.fetch = (...given) => {
    counts.network++;
    return fetch(...given);
  };
}

let printed = '';
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = (text, ...rest) =>
    typeof text === 'string' && !text.startsWith('{"entries"') ? ((printed += text), true) : write(text, ...rest);
}

function captured(call) {
  printed = '';
  call();
  return printed;
}

/** What is shown by a console that was used before: its indentation, its counts, its clocks. */
function probeConsole() {
  // Deno's writes by another way; its table has nothing of the console.
  if (globalThis.Deno !== undefined) return '';
  const shown = captured(() => {
    console.log('probe');
    console.count('a');
    console.timeEnd('a');
  });
  resetConsole();
  return shown.replaceAll(/[\d.]+ ?m?s/g, '');
}

function resetConsole() {
  if (globalThis.Deno !== undefined) return;
  captured(() => {
    for (let depth = 0; depth < 4; depth++) console.groupEnd();
    console.countReset('a');
    console.timeEnd('a');
  });
}

/** Everything that can be told from outside of a value. */
function digest(value) {
  const frozen =
    typeof value === 'object' && value !== null
      ? [
          Object.isFrozen(value),
          Object.isSealed(value),
          Object.isExtensible(value),
          Object.getPrototypeOf(value) === null,
        ]
      : [];
  return util.inspect(value, { showHidden: true, depth: 6 }) + util.inspect(frozen);
}

function isIterator(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.next === 'function' &&
    typeof value[Symbol.iterator] === 'function'
  );
}

function typesOf(value) {
  if (value === null) return ['null'];
  if (typeof value !== 'object' && typeof value !== 'function') return [typeof value];
  const found = [];
  for (let at = value; at !== null; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, 'constructor')) found.push(at.constructor?.name);
  if (isIterator(value)) found.push('Iterator', Object.prototype.toString.call(value).slice(8, -1));
  if (Object.getPrototypeOf(value) === null || found.length === 0) found.push('Object');
  return found;
}

function shares(receiver, result) {
  if (typeof result !== 'object' || result === null) return false;
  if (receiver?.buffer === result || (receiver?.buffer !== undefined && receiver.buffer === result.buffer)) return true;
  if (receiver?.searchParams === result) return true;
  const inside =
    receiver instanceof Map
      ? [...receiver.values()]
      : Array.isArray(receiver)
        ? receiver
        : Object.values(receiver ?? {});
  return inside.includes(result);
}

function treeOf(folder) {
  return fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const stat = fs.statSync(path.join(folder, name));
      return stat.isDirectory() ? name : `${name} ${fs.readFileSync(path.join(folder, name), 'utf8')}`;
    })
    .join('\n');
}

const AsyncFunction = (async () => {}).constructor;
let folders = 0;

/** Runs one example in a folder of its own. With `isCalled` false all is made ready and nothing called. */
async function run({ setup, entry, example, isCalled = true, change = () => {} }) {
  const folder = path.join(home, `f${folders++}`);
  fs.mkdirSync(folder);
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  resetConsole();
  globalThis.ran = [];
  globalThis.limit = 7;
  const { receiver, name, callee, args, isNew, text } = example;
  const made = entry.make === undefined ? '' : `const x = ${entry.make};`;
  const call =
    args === undefined
      ? `() => ${text}`
      : isNew
        ? `() => new (${callee})(...given)`
        : receiver === undefined
          ? `() => (${callee})(...given)`
          : `() => (${receiver})[${JSON.stringify(name)}](...given)`;
  const body = `${setup}\n${made}\nawait change();\nconst given = [${(args ?? []).join(', ')}];\nreturn { x: ${made === '' ? 'undefined' : 'x'}, given, call: ${call} };`;
  const ready = await new AsyncFunction('change', ...Object.keys(modules), body)(
    () => change(folder),
    ...Object.values(modules),
  );
  const before = {
    x: digest(ready.x),
    given: ready.given.map(digest),
    tree: treeOf(folder),
    cwd: process.cwd(),
    env: variables(),
    ...counts,
  };
  let result;
  let failed;
  const out = await (async () => {
    printed = '';
    if (!isCalled) return '';
    try {
      result = ready.call();
      // One that never ends is what it is.
      if (result instanceof Promise) {
        const late = {};
        const ended = await Promise.race([result, new Promise((resolve) => setTimeout(resolve, 400, late))]);
        if (ended !== late) result = ended;
      }
    } catch (error) {
      failed = error;
    }
    return printed;
  })();
  if (isCalled && entry.effects.some(({ outside }) => outside !== undefined))
    await new Promise((resolve) => setTimeout(resolve, 150));
  return { ready, before, result, failed, out, folder };
}

async function observe(setup, entry, example) {
  fs.rmSync(started, { force: true });
  const quiet = await run({ setup, entry, example, isCalled: false });
  const rest = isIterator(quiet.ready.x) ? digest([...quiet.ready.x]) : undefined;
  const consoleBefore = probeConsole();
  const { ready, before, result, failed, out, folder } = await run({ setup, entry, example });
  const reachesNetwork = counts.network > before.network;
  if (failed !== undefined && !reachesNetwork) throw failed;
  const ran = globalThis.ran.length > 0;
  const consoleAfter = probeConsole();
  const changes = [];
  if (rest === undefined ? digest(ready.x) !== before.x : digest([...ready.x]) !== rest) changes.push('receiver');
  ready.given.forEach((value, place) => {
    if (digest(value) !== before.given[place]) changes.push(`argument ${place}`);
  });
  const states = [];
  if (counts.random > before.random) states.push('random');
  if (process.cwd() !== before.cwd) states.push('cwd');
  if (variables() !== before.env) states.push('environ');
  if (consoleAfter !== consoleBefore) states.push('console');
  const writes = treeOf(folder) === before.tree ? [] : ['a file'];
  const outside = [...(fs.existsSync(started) ? ['program'] : []), ...(reachesNetwork ? ['network'] : [])];
  const types = typesOf(result);
  const { classes } = entry;
  const without = await run({ setup, entry, example, change: emptyFolder });
  const again = await run({ setup, entry, example });
  const differs = (other) => other.failed !== undefined || digest(other.result) !== digest(result);
  // What changes a file fails without it, which is no reading.
  const readsFiles = entry.effects.some(({ kind, access }) => kind === 'file' && access !== 'write');
  const asks = readsFiles || entry.effects.length === 0;
  return {
    changes,
    states,
    reads: asks && (without.failed !== undefined || (differs(without) && !differs(again))) ? ['a file'] : [],
    writes,
    outside,
    result: types[0] ?? 'Object',
    fits: classes.types.length === 0 || classes.types.some((name) => types.includes(name)),
    ran,
    sees: false,
    'is receiver': result === ready.x,
    shares: shares(ready.x, result),
    'like argument': typesOf(ready.given[0])[0] === types[0],
    out,
  };
}

/** In an order of their own: Deno has them in another one each time. */
function variables() {
  return JSON.stringify(Object.entries(process.env).sort());
}

function emptyFolder(folder) {
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true });
}

/** Changes of hidden state that show whether a result depends on it. */
const otherStates = {
  cwd: (folder) => {
    fs.mkdirSync(path.join(folder, 'elsewhere'));
    process.chdir(path.join(folder, 'elsewhere'));
  },
  environ: () => {
    delete process.env.HOME;
    delete process.env.PATH;
  },
  console: () => {
    captured(() => console.group('a'));
  },
};

async function answer(setup, entry) {
  try {
    const examples = [];
    for (const example of entry.examples) examples.push(await observe(setup, entry, example));
    const depends = {};
    for (const state of entry.reads) {
      if (otherStates[state] === undefined) continue;
      depends[state] = false;
      for (const example of entry.examples) {
        const one = await run({ setup, entry, example });
        const other = await run({ setup, entry, example, change: otherStates[state] });
        // Each has a folder of its own, of which a path tells.
        const told = ({ result, out, folder }) =>
          (digest(result) + out).replaceAll(folder, '').replaceAll(fs.realpathSync(folder), '');
        depends[state] ||= other.failed !== undefined || told(one) !== told(other);
      }
    }
    let names = false;
    for (const example of entry.names ? entry.examples : [])
      names ||= (await run({ setup, entry, example, change: () => delete globalThis.limit })).failed !== undefined;
    return { examples, with: {}, without: {}, depends, names };
  } catch (error) {
    return { error: `${error.name}: ${error.message}`, examples: [], with: {}, without: {}, depends: {} };
  }
}

const library = JSON.parse(fs.readFileSync(0, 'utf8'));
const entries = {};
for (const entry of library.entries) entries[entry.id] = await answer(library.setup, entry);
process.chdir(os.tmpdir());
fs.rmSync(home, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ entries })}\n`);
process.exit(0);
