import { pythonKnowledge } from '../knowledge/load.ts';

/** The magic and its line when a cell of one line may be one without `%`; whether it is depends on the variables. */
export function automagic(line: string): { readonly name: string; readonly rest: string } | undefined {
  const found = /^\s*([a-z_]\w*)(?![\w.*])\s*(.*)$/.exec(line);
  const [, name = '', rest = ''] = found ?? [];
  return pythonKnowledge.automagics.has(name) && !/^[=,]/.test(rest) ? { name, rest: rest.trim() } : undefined;
}
