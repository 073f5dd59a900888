/** What the tables say of JavaScript, Node and Deno is what these do. */
import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { javascriptKnowledge } from '../../compiler/knowledge/load.ts';
import { root } from '../environment.ts';
import { differences, type Answer, type TestedEntry } from './differences.ts';

interface Library {
  readonly library: string;
  readonly optional: boolean;
  readonly entries: readonly TestedEntry[];
}

const reader = path.join(root, 'build', 'knowledge.mjs');
const folder = path.join(root, 'compiler', 'knowledge', 'javascript');
const libraries = JSON.parse(
  execFileSync(process.execPath, [reader, folder], { encoding: 'utf8', maxBuffer: 1 << 28 }),
) as readonly Library[];

/** A program of Deno's; the test of its table is left out without one. */
const deno = process.env['CELLWRIGHT_TEST_DENO'];

interface Example {
  readonly text: string;
  readonly callee?: string;
  readonly receiver?: string;
  readonly name?: string;
  readonly args?: readonly string[];
  readonly isNew?: boolean;
}

/** Takes a call apart, so that what it is given can be looked at before and after. */
function takeApart(written: string): Example {
  const text = written.replace(/^builtins\./, '');
  const file = ts.createSourceFile('example.ts', `(${text})`, ts.ScriptTarget.ESNext, true);
  const [statement] = file.statements;
  if (statement === undefined || !ts.isExpressionStatement(statement)) throw new Error(`${text} is no expression`);
  const call = ts.isParenthesizedExpression(statement.expression) ? statement.expression.expression : undefined;
  if (call === undefined || !(ts.isCallExpression(call) || ts.isNewExpression(call))) return { text };
  const callee = call.expression;
  const args = (call.arguments ?? []).map((argument) => argument.getText(file));
  const isNew = ts.isNewExpression(call);
  if (isNew || !ts.isPropertyAccessExpression(callee)) return { text, callee: callee.getText(file), args, isNew };
  return {
    text,
    callee: callee.getText(file),
    receiver: callee.expression.getText(file),
    name: callee.name.text,
    args,
  };
}

function observe(library: Library): Promise<Readonly<Record<string, Answer>>> {
  const script = path.join(root, 'test', 'knowledge', 'observe-javascript.mjs');
  const [program, args] =
    library.library === 'deno' ? [deno ?? 'deno', ['run', '-A', script]] : [process.execPath, [script]];
  const entries = library.entries.map((entry) => ({ ...entry, examples: entry.examples.map(takeApart) }));
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: 1 << 28 }, (error, out, err) => {
      if (error !== null) reject(new Error(`${error.message}\n${err}`));
      else resolve((JSON.parse(out.trim().split('\n').at(-1) ?? '') as { entries: Record<string, Answer> }).entries);
    });
    child.stdin?.end(JSON.stringify({ ...library, entries }));
  });
}

async function problemsOf(library: Library): Promise<readonly string[]> {
  const told = await observe(library);
  return library.entries.flatMap((entry) =>
    differences(entry, told[entry.id]).map((problem) => `${entry.id}: ${problem}`),
  );
}

function libraryOf(name: string): Library {
  const found = libraries.find(({ library }) => library === name);
  if (found === undefined) throw new Error(`there is no table ${name}`);
  return found;
}

describe('JavaScript does what its tables say', () => {
  test.for(libraries.map(({ library }) => library))('%s', { timeout: 120_000 }, async (name, { skip }) => {
    skip(name === 'deno' && deno === undefined, 'CELLWRIGHT_TEST_DENO names no program');
    expect(await problemsOf(libraryOf(name))).toEqual([]);
  });

  test.each([
    ['Array, methods: push', { effects: [] }, 'it changes receiver, which it does not say'],
    ['Array, methods: map', { effects: [{ kind: 'changes-receiver' }] }, 'no example changes the receiver'],
    ['Array, methods: join', { classes: { types: ['number'], tuple: [] } }, 'it gives string, not number'],
    ['builtins.Object.assign', { effects: [] }, 'it changes argument 0, which it does not say'],
    ['builtins.Math.random', { effects: [] }, 'it writes random, which it does not say'],
    ['builtins.console.group', { effects: [] }, 'it writes console, which it does not say'],
    ['builtins.eval', { effects: [] }, 'it runs text, which it does not say'],
    ['Array, methods: slice', { gives: { types: [], special: 'receiver' } }, 'it does not give the receiver'],
  ] as const)('a mistake in %s is seen', { timeout: 60_000 }, async (id, mistake, problem) => {
    const library = libraryOf('globals');
    const entry = library.entries.find((one) => one.id === id);
    if (entry === undefined) throw new Error(`there is no entry ${id}`);
    const entries = [{ ...entry, ...mistake } as TestedEntry];
    expect((await problemsOf({ ...library, entries }))[0]).toBe(`${id}: ${problem}`);
  });
});

test('every name that Node has without an import is known', () => {
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Za-z]\w*$/.test(name));
  const ofTests = /^(?:vi|__\w+|Vitest\w*)$/;
  expect(names.filter((name) => !javascriptKnowledge.builtinNames.has(name) && !ofTests.test(name))).toEqual([]);
});
