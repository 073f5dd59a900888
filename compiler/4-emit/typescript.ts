import type { Access } from '../bundle/format.ts';
import { javascriptKnowledge } from '../knowledge/load.ts';
import type { ModuleOrder } from './module-order.ts';

/** A task as a module for people: a function with its inputs as parameters, its outputs returned, and the Markdown above as its comment. */
export function printModule(options: ModuleOrder): string {
  const { name, cell, above, accesses, exposes } = options;
  const names = (kinds: readonly Access['access'][]): readonly string[] => [
    ...new Set(
      accesses.flatMap(({ access, resource }) =>
        kinds.includes(access) && resource.kind === 'variable' && isIdentifier(resource.name) ? [resource.name] : [],
      ),
    ),
  ];
  const bound = names(['bind']);
  const inputs = names(['read', 'mutate'])
    .filter((input) => !javascriptKnowledge.builtinNames.has(input))
    .sort();
  const outputs = names(['bind', 'mutate'])
    .filter((output) => exposes === '*' || exposes.includes(output))
    .sort();
  const lines = cell.source.trimEnd().split('\n');
  const imports = options.isRefused ? [] : lines.filter((line) => oneLineImport.test(line));
  const own = lines.filter((line) => options.isRefused || !oneLineImport.test(line));
  const comment = (above === '' ? `Cell ${cell.id}.` : above).replaceAll('*/', '*\\/');
  const body = options.isRefused
    ? [...own.map((line) => `// ${line}`), "throw new SyntaxError('this cell is not valid');"]
    : own;
  const given = outputs.filter(
    (output) => !imports.some((line) => new RegExp(`\\b${escaped(output)}\\b`, 'u').test(line)),
  );
  // What the cell declares itself it does not get.
  const declared = inputs.filter((input) => !bound.includes(input) || !declares(cell.source, input));
  return [
    ...imports,
    ...(imports.length > 0 ? [''] : []),
    `/** ${comment.split('\n').join('\n * ')} */`,
    `export async function task_${name}(${declared.length === 0 ? '' : `{ ${declared.join(', ')} }`}) {`,
    ...body.map((line) => (line === '' ? '' : `  ${line}`)),
    `  return {${given.length === 0 ? '' : ` ${given.join(', ')} `}};`,
    '}',
    '',
  ].join('\n');
}

const oneLineImport = /^import\s[^;]*?['"][^'"]+['"];?\s*$/;

function isIdentifier(name: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
}

function escaped(name: string): string {
  return name.replaceAll('$', '\\$');
}

function declares(source: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|var|class|function\\*?|enum)\\s+${escaped(name)}(?![\\w$])`, 'u').test(source);
}
