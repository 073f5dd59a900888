import type { Access } from '../bundle/format.ts';
import type { Notebook } from '../1-read/notebook.ts';
import { lowerCell } from '../1-read/magics.ts';
import { pythonKnowledge } from '../knowledge/load.ts';
import { printBody, printRefused } from './body.ts';
import type { ModuleOrder } from './module-order.ts';

/** A printer for the tasks of a notebook. */
export function printModule(notebook: Notebook): (order: ModuleOrder) => string {
  const imports = importLines(notebook);
  return (order) => printTask({ ...order, imports });
}

/** A task as a module for people: a function with its inputs as parameters, its outputs returned, and the Markdown above as its docstring. */
function printTask(options: ModuleOrder & { readonly imports: readonly string[] }): string {
  const { name, cell, above, accesses, exposes, imports } = options;
  const names = (kinds: readonly Access['access'][]): string[] => [
    ...new Set(
      accesses.flatMap((access) =>
        kinds.includes(access.access) && access.resource.kind === 'variable' ? [access.resource.name] : [],
      ),
    ),
  ];
  const modules = new Map(imports.map((line) => [line.split(' ').at(-1) ?? '', line]));
  const inputs = names(['read', 'mutate'])
    .filter((input) => !pythonKnowledge.builtinNames.has(input) && !modules.has(input))
    .sort();
  const needed = names(['read', 'mutate']).flatMap((input) => modules.get(input) ?? []);
  const outputs = names(['bind', 'mutate'])
    .filter((output) => (exposes === '*' || exposes.includes(output)) && !modules.has(output))
    .sort();
  const lowered = lowerCell(cell.source);
  const body = options.isRefused ? printRefused(cell.source) : printBody(lowered.python);
  const notes = lowered.magics.map(
    (magic) =>
      `    # IPython: ${magic.kind === 'shell' ? `!${magic.text}` : `${magic.kind === 'cell' ? '%%' : '%'}${magic.name} ${magic.text}`}`.split(
        '\n',
        1,
      )[0] ?? '',
  );
  const docstring = (above === '' ? `Cell ${cell.id}.` : above)
    .replace(/\\/g, '\\\\')
    .replace(/"""|"$/g, (quotes) => quotes.replaceAll('"', '\\"'));
  const atTop = [...body.moduleImports, ...new Set(needed.sort())];
  return [
    ...atTop,
    ...(atTop.length > 0 ? ['', ''] : []),
    `${body.isAsync ? 'async ' : ''}def task_${name}(${inputs.join(', ')}):`,
    `    """${docstring.split('\n').join('\n    ')}"""`,
    ...notes,
    ...(body.text === '' ? [] : [body.text]),
    outputs.length === 0
      ? '    return None'
      : `    return ${outputs.length === 1 ? (outputs[0] ?? '') : `(${outputs.join(', ')})`}`,
    '',
  ].join('\n');
}

/** One-name import statements of all cells; each ends with the name it binds. */
function importLines(notebook: Notebook): string[] {
  const found: string[] = [];
  for (const cell of notebook.cells) {
    if (cell.kind !== 'code') continue;
    for (const [, line = ''] of cell.source.matchAll(/^((?:from [\w.]+ )?import [\w.]+(?: as \w+)?)\s*(?:#.*)?$/gm))
      found.push(line);
  }
  return found;
}
