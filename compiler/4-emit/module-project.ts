import type { Diagnostic } from '../bundle/diagnostic.ts';
import type { Bundle, Task } from '../bundle/format.ts';
import type { Notebook } from '../1-read/notebook.ts';
import { displayModule } from './module-display.ts';
import { cannotExport, markdownAbove } from './exported-cells.ts';
import { mentions, whyNoModule, whyOthersSeeAnother } from './module-hindrances.ts';

/** A cell as a module of its own. */
export interface CellModule {
  readonly task: Task;
  /** From the folder of the project. */
  readonly file: string;
  /** What runs: the cell, or what stands for it. */
  readonly text: string;
  /** Variables, functions and classes that it declares. */
  readonly values: readonly string[];
  /** Types that it declares, of which nothing is left when it runs. */
  readonly types: readonly string[];
}

/** A notebook as modules, a cell each. */
export interface ModuleProject {
  /** Texts by path from the folder of the project. */
  readonly files: Readonly<Record<string, string>>;
  readonly modules: readonly (Pick<CellModule, 'file' | 'values'> & {
    readonly id: string;
    /** The number in `In [n]`. */
    readonly number: number;
    /** Names of earlier cells that it imports. */
    readonly imports: readonly string[];
  })[];
  /** Why some cells cannot be modules that do what the cells do. */
  readonly problems: readonly Diagnostic[];
}

/** The first line of the module that starts the others. */
export const projectMark =
  '// Written by cellwright export; writing it again replaces this file, display.ts and cells/.';

/**
 * The cells as modules: each with the text of its cell, what it uses of earlier ones imported and what it declares exported. A module that imports a variable
 * sees what it is, as a later cell does. Each imports the one before it first, so they run in the order of the cells.
 * @param way from the folder of the cells' modules to that of the notebook, with `/` between names
 */
export function moduleProject(bundle: Bundle, notebook: Notebook, way: string): ModuleProject {
  const tasks = bundle.tasks.filter(({ executionCount }) => executionCount > 0);
  const modules = tasks.map(readCell);
  const problems = modules.flatMap((module, place) => {
    const whys = [...whyNoModule(module, modules.slice(0, place)), ...whyOthersSeeAnother(module, modules, place)];
    return whys.map((why) => cannotExport(module.task, { ...why, kind: 'module' }));
  });
  const [first] = tasks;
  if (first !== undefined && !/^deno\b/i.test(bundle.notebook.kernelName))
    problems.push(
      cannotExport(first, {
        line: 0,
        why: 'modules run in Deno, and this notebook is for another kernel',
        help: 'Try the cells in the kernel of Deno: cellwright run -k deno NB; then choose it in the notebook.',
        kind: 'module',
      }),
    );
  const shows = modules.some(({ text }) => text.includes('jupyter'));
  const printed = modules.map((module, place) => {
    const before = modules.slice(0, place);
    const used = importsOf(module, before);
    const above = markdownAbove(notebook.cells, module.task);
    // The others run after the first.
    const beginning = shows ? ['import "../display.ts";'] : [];
    const after = before.at(-1)?.file;
    const start = after === undefined ? beginning : [`import ${beside(after)};`];
    return { module, used, text: print(module, { start, used, above, way }) };
  });
  return {
    files: {
      'main.ts': printMain(modules),
      ...(shows && { 'display.ts': displayModule }),
      ...Object.fromEntries(printed.map(({ module, text }) => [module.file, text])),
    },
    modules: printed.map(({ module: { task, file, values }, used }) => ({
      id: task.id,
      number: task.executionCount,
      file,
      values,
      imports: [...used.values()].flatMap(({ values: names }) => names).sort(),
    })),
    problems,
  };
}

function readCell(task: Task): CellModule {
  const text = task.lowered ?? task.source;
  const declared = (task.script?.declares ?? []).map(({ name }) => name);
  const namesOf = (word: string): readonly string[] =>
    task.lowered === undefined
      ? [...text.matchAll(new RegExp(`^(?:${word})\\s+([\\p{ID_Start}$_][\\p{ID_Continue}$]*)`, 'gmu'))].map(
          ([, name = '']) => name,
        )
      : [];
  const values = [...new Set([...declared, ...namesOf('namespace')])];
  const types = [...new Set(namesOf('interface|type'))].filter((name) => !values.includes(name));
  return { task, file: `cells/${task.name}.ts`, text, values, types };
}

/** By the file that has them. */
type Used = ReadonlyMap<string, { readonly values: readonly string[]; readonly types: readonly string[] }>;

/** Every name of an earlier cell that stands in the text, from the last cell that declares it. What is imported and not used does no harm. */
function importsOf({ text, values, types }: CellModule, before: readonly CellModule[]): Used {
  const found = new Map<string, { values: string[]; types: string[] }>();
  const own = new Set([...values, ...types]);
  for (const kind of ['values', 'types'] as const)
    for (const name of new Set(before.flatMap((module) => module[kind]))) {
      if (own.has(name) || !mentions(text, name)) continue;
      own.add(name);
      const file = before.findLast((module) => module[kind].includes(name))?.file ?? '';
      const entry = found.get(file) ?? { values: [], types: [] };
      entry[kind].push(name);
      found.set(file, entry);
    }
  return found;
}

interface Around {
  /** Imports that come first. */
  readonly start: readonly string[];
  readonly used: Used;
  readonly above: string;
  readonly way: string;
}

function beside(file: string): string {
  return JSON.stringify(`./${file.slice('cells/'.length)}`);
}

function print(module: CellModule, { start, used, above, way }: Around): string {
  const imports = [...used].flatMap(([file, { values, types }]) => [
    ...(values.length === 0 ? [] : [`import { ${values.join(', ')} } from ${beside(file)};`]),
    ...(types.length === 0 ? [] : [`import type { ${types.join(', ')} } from ${beside(file)};`]),
  ]);
  const head = [...start, ...imports];
  const { values, types } = module;
  const tail = [
    ...(values.length === 0 ? [] : [`export { ${values.join(', ')} };`]),
    ...(types.length === 0 ? [] : [`export type { ${types.join(', ')} };`]),
  ];
  const parts = [
    `/*\n${above.replaceAll('*/', '*\\/')}\n*/`,
    head.join('\n'),
    withWay(module, way).trimEnd(),
    // Without a name it would be a script, in which nothing waits at the top.
    tail.length === 0 ? 'export {};' : tail.join('\n'),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** Files beside the notebook are elsewhere from here. */
function withWay({ task, text }: CellModule, way: string): string {
  if (task.lowered !== undefined) return text;
  const lines = text.split('\n');
  const near = (task.script?.modules ?? []).filter(({ specifier }) => /^\.{1,2}\//.test(specifier));
  const places = near.sort(({ range: { start: one } }, { range: { start: two } }) =>
    one.line === two.line ? two.column - one.column : two.line - one.line,
  );
  for (const { specifier, range } of places) {
    const line = lines[range.start.line];
    if (line === undefined || range.start.line !== range.end.line) continue;
    const moved = JSON.stringify(`${way}/${specifier.replace(/^\.\//, '')}`);
    lines[range.start.line] = line.slice(0, range.start.column) + moved + line.slice(range.end.column);
  }
  return lines.join('\n');
}

function printMain(modules: readonly CellModule[]): string {
  const last = new Map(modules.flatMap(({ file, values }) => values.map((name) => [name, file])));
  const exported = modules.flatMap(({ file, values }) => {
    const own = values.filter((name) => last.get(name) === file);
    return own.length === 0 ? [] : [`export { ${own.join(', ')} } from "./${file}";`];
  });
  return [
    projectMark,
    '// The cells in their order, and what they leave.',
    ...modules.map(({ file }) => `import "./${file}";`),
    ...exported,
    '',
  ].join('\n');
}
