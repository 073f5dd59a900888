import { pythonKnowledge } from '../../knowledge/load.ts';

/** Words that no name of Python may be. */
export const keywords: readonly string[] =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield match case type'.split(
    ' ',
  );

/** A name of Python for the whole notebook. */
export function workflowName(stem: string): string {
  return asName(
    stem
      .toLowerCase()
      .replaceAll(/\W+/g, '_')
      .replaceAll(/^_+|_+$/g, ''),
    'notebook',
  );
}

/**
 * A name of Python for each step: `07_clean` becomes `clean`, or `clean_07` where that is not free.
 * @param reserved names that the emitted file has for something else
 */
export function pythonNames(steps: readonly string[], reserved: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set([...keywords, ...pythonKnowledge.builtinNames, ...reserved]);
  const names = new Map<string, string>();
  for (const step of steps) {
    const [number = '', words = ''] = /^(\d+)_(.*)$/.exec(step)?.slice(1) ?? ['', step];
    const plain = asName(shortened(words), 'step');
    let own = taken.has(plain) ? `${plain}_${number}` : plain;
    while (taken.has(own)) own += 'x';
    taken.add(own);
    names.set(step, own);
  }
  return names;
}

/** A heading makes a long name: so many whole words of it are enough. */
function shortened(words: string): string {
  const short = words.length <= 24 ? words : words.slice(0, 25).replace(/_[^_]*$/, '');
  return short.replaceAll(/^_+|_+$/g, '');
}

/** Letters, digits and underscores; `otherwise` for what has none, or could not stand alone. */
export function asName(words: string, otherwise: string): string {
  const plain = words.replaceAll(/[^A-Za-z0-9_]/g, '_');
  if (plain === '') return otherwise;
  return /^\d/.test(plain) || keywords.includes(plain) ? `${otherwise}_${plain}` : plain;
}
