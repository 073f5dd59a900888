import type { CellModule } from './module-project.ts';

/** Why a cell cannot be a module, and what to do. */
export interface Hindrance {
  /** From 0, in the cell. */
  readonly line: number;
  readonly why: string;
  readonly help: string;
}

/** True where a name stands in a text: also as that of something else, or within a comment. */
export function mentions(text: string, name: string): boolean {
  return placesOf(text, name).length > 0;
}

function placesOf(text: string, name: string): readonly number[] {
  const pattern = new RegExp(`(?<![\\p{ID_Continue}$])${name.replaceAll('$', '\\$')}(?![\\p{ID_Continue}$])`, 'gu');
  return [...text.matchAll(pattern)].map(({ index }) => index);
}

const leaveOut = 'or leave the cell out with the tag skip';

const words: readonly (readonly [RegExp, string, string])[] = [
  [/\beval\s*\(/, 'it calls eval, which may use any name', 'Write what it runs into the cell'],
  [/^\s*export\s/m, 'it has an export of its own', 'Take the word export away'],
];

/** What a module cannot do that the cell does. @param before the cells before it */
export function whyNoModule({ task, text, values }: CellModule, before: readonly CellModule[]): readonly Hindrance[] {
  const { script, lowered, directives } = task;
  if (script === undefined) return [{ line: 0, why: 'it is no valid TypeScript', help: `Mend it, ${leaveOut}.` }];
  const found: Hindrance[] = [];
  if (directives.raisesException) {
    const why = 'it may raise, and the cells after it run all the same';
    found.push({ line: 0, why, help: `Catch the exception in the cell, ${leaveOut}.` });
  }
  if (lowered === undefined)
    for (const [pattern, why, help] of words) {
      const place = pattern.exec(text)?.index;
      if (place !== undefined) found.push({ line: lineOf(text, place), why, help: `${help}, ${leaveOut}.` });
    }
  const { globals = [] } = script;
  const known = new Set([...values, ...before.flatMap((module) => module.values)]);
  const looked = globals === '*' ? 'variables' : globals.find((name) => known.has(name));
  if (looked !== undefined)
    found.push({
      line: 0,
      why: `it looks for ${looked} on the global object, where modules have none`,
      help: `Use the name itself, ${leaveOut}.`,
    });
  for (const { range, reason } of task.outlives ?? []) {
    const why = `what it starts goes on after it (${reason}), and in a kernel later cells may find it done`;
    found.push({ line: range.start.line, why, help: `Wait for it with await, ${leaveOut}.` });
  }
  const others = [...new Set(before.flatMap((module) => module.values))].filter((name) => !values.includes(name));
  const assigned = others.find((name) => isAssigned(task, name) || assignments(name).test(text));
  if (assigned !== undefined)
    found.push({
      line: lineOf(text, placesOf(text, assigned)[0] ?? 0),
      why: `it assigns to ${assigned}, which an earlier cell declares: a module cannot change what another declares`,
      help: `Give the new value a name of its own, or keep it in an object, ${leaveOut}.`,
    });
  return found;
}

/** True where the cell itself assigns to a variable, and not a function that it calls. */
function isAssigned({ accesses, source }: CellModule['task'], name: string): boolean {
  const lines = source.split('\n');
  return accesses.some(({ access, resource, range: { start, end } }) => {
    if ((access !== 'bind' && access !== 'delete') || resource.kind !== 'variable' || resource.name !== name)
      return false;
    return start.line === end.line && lines[start.line]?.slice(start.column, end.column) === name;
  });
}

/** An assignment, also within a function that nobody calls here. What a block declares for itself is none. */
function assignments(name: string): RegExp {
  const own = `(?<![\\p{ID_Continue}$.])(?<!\\b(?:let|const|var)\\s+)${name.replaceAll('$', '\\$')}(?![\\p{ID_Continue}$])`;
  const operator = '(?:=(?![=>])|(?:[-+*/%&|^]|\\*\\*|<<|>>>?|&&|\\|\\||\\?\\?)=|\\+\\+|--)';
  return new RegExp(`${own}\\s*${operator}|(?:\\+\\+|--)\\s*${own}`, 'u');
}

function lineOf(text: string, place: number): number {
  return text.slice(0, place).split('\n').length - 1;
}

/**
 * A name that is declared again: in the kernel a function that was made before sees the new one from then on, in modules it keeps its own. So nothing that was
 * made before may use the name, unless both are the same import.
 */
export function whyOthersSeeAnother(
  { values, text }: CellModule,
  modules: readonly CellModule[],
  place: number,
): readonly Hindrance[] {
  return values.flatMap((name): Hindrance[] => {
    const before = modules.slice(0, place);
    const others = before.filter((module) => module.values.includes(name));
    const own = importOf(text, name);
    if (others.length === 0 || (own !== undefined && others.every((one) => importOf(one.text, name) === own)))
      return [];
    const first = before.findIndex((module) => module.values.includes(name));
    const keeper = before.slice(first).find((module) => mayKeep(module, name));
    if (keeper === undefined) return [];
    const why = `it declares ${name} again, and a function of cell [${String(keeper.task.executionCount)}] that uses ${name} would keep the one before`;
    return [{ line: lineOf(text, placesOf(text, name)[0] ?? 0), why, help: `Give it another name, ${leaveOut}.` }];
  });
}

const makesFunctions = /=>|\b(?:function|class|get|set)\b|\)\s*\{/;

function mayKeep({ text, values }: CellModule, name: string): boolean {
  const times = placesOf(text, name).length - (values.includes(name) ? 1 : 0);
  return times > 0 && makesFunctions.test(text);
}

/** The import that binds a name, in one spelling. */
function importOf(text: string, name: string): string | undefined {
  const all = text.match(/^import\s[^;]*?from\s*(["'])[^"']+\1/gm) ?? [];
  const found = all.find((one) => mentions(one, name));
  const from = found === undefined ? undefined : /["'][^"']+["']$/.exec(found)?.[0];
  const part = found === undefined ? '' : (/[^{},]*$/.exec(found.slice(0, placesOf(found, name)[0]))?.[0] ?? '').trim();
  return from === undefined ? undefined : `${part} ${name} ${from}`;
}
