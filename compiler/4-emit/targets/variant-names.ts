import type { EngineSettings } from './target.ts';

/** A name for each variant that no other one has: letters, digits, dots, dashes and underscores. */
export function variantNames({ variants }: EngineSettings): readonly string[] {
  const taken = new Set<string>();
  return variants.map(({ name }) => {
    const plain = name.replaceAll(/[^A-Za-z0-9.]+/g, '_').replaceAll(/^[_.]+|[_.]+$/g, '');
    const own = plain === '' || taken.has(plain) ? `${plain}_${String(taken.size + 1)}` : plain;
    taken.add(own);
    return own;
  });
}
