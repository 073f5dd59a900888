import { findDifferences, type FactDifference } from '../certificate/differences.ts';
import type { RecordedEnvironment } from '../certificate/format.ts';
import { pairCells } from '../certificate/pairs.ts';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import type { Frozen } from './format.ts';
import type { FrozenFacts } from './freeze.ts';

/** Something that is not as it was frozen. */
export interface Thawed {
  readonly kind: FactDifference['kind'] | 'parameter';
  /** The cell, path, distribution or parameter. */
  readonly name: string;
  readonly what: string;
}

/** Every difference: parameters, code, data, environment. @param called how the file is called */
export function compareFrozen(frozen: Frozen, now: FrozenFacts, called: string): readonly Thawed[] {
  const coded = ({ cells }: FrozenFacts): readonly Coded[] => cells.map((cell) => ({ ...cell, source: cell.code }));
  const pairs = pairCells(coded(frozen), coded(now));
  const before = { files: frozen.files, environment: whole(frozen.environment) };
  // An interpreter that cannot be found is told by the run itself.
  const after = { files: now.files, environment: whole(now.environment ?? frozen.environment) };
  return [...differencesOfParameters(frozen, now, called), ...findDifferences(before, after, { pairs, called })];
}

type Coded = Frozen['cells'][number] & { readonly source: Frozen['cells'][number]['code'] };

function whole(environment: Frozen['environment']): RecordedEnvironment {
  const nothing = {
    python: { implementation: '', version: '' },
    platform: { system: '', machine: '', libc: '' },
    packages: [],
  };
  return { ...(environment ?? nothing), variables: [] };
}

function differencesOfParameters(before: FrozenFacts, now: FrozenFacts, called: string): readonly Thawed[] {
  const texts = ({ parameters }: FrozenFacts): ReadonlyMap<string, string> =>
    new Map(parameters.map(({ name, value }) => [name, canonicalJson(value)]));
  const [old, fresh] = [texts(before), texts(now)];
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((name): Thawed[] => {
    if (old.get(name) === fresh.get(name)) return [];
    const what = !old.has(name)
      ? `is given, and is not in ${called}`
      : !fresh.has(name)
        ? 'is not given'
        : 'has another value';
    return [{ kind: 'parameter', name, what: `the parameter ${name} ${what}` }];
  });
}
