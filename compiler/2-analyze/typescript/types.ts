import type { ts, TypeScript } from './load.ts';

/** What the checker says of expressions, in the words of the tables. */
export interface TypeReader {
  typesOf(node: ts.Expression): readonly string[];
  isPromise(node: ts.Expression): boolean;
}

/** Objects of these names are what the tables call by the same name. */
const known: ReadonlySet<string> = new Set(
  (
    'Array Map Set WeakMap WeakSet Date RegExp Promise ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray ' +
    'Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Error Generator Iterator'
  ).split(' '),
);

/** Asks the checker. */
export function readTypes({ ts }: TypeScript, checker: ts.TypeChecker): TypeReader {
  const { TypeFlags } = ts;
  const primitives: readonly (readonly [ts.TypeFlags, string])[] = [
    [TypeFlags.StringLike, 'string'],
    [TypeFlags.NumberLike, 'number'],
    [TypeFlags.BooleanLike, 'boolean'],
    [TypeFlags.BigIntLike, 'bigint'],
    [TypeFlags.ESSymbolLike, 'symbol'],
    [TypeFlags.Undefined | TypeFlags.Void, 'undefined'],
    [TypeFlags.Null, 'null'],
  ];
  const nameOf = (type: ts.Type): string | undefined => {
    const primitive = primitives.find(([flags]) => (type.flags & flags) !== 0);
    if (primitive !== undefined) return primitive[1];
    const name = type.getSymbol()?.name;
    if (name === undefined) return undefined;
    // What cannot be changed through it, and holds nothing that can.
    if (/^Readonly(?:Array|Map|Set)$/.test(name)) {
      const inside = checker.getTypeArguments(type as ts.TypeReference).flatMap((one) => namesOf(one));
      return inside.length > 0 && inside.every((one) => primitives.some(([, word]) => word === one))
        ? 'primitive'
        : name.slice(8);
    }
    return known.has(name) ? name : undefined;
  };
  const namesOf = (type: ts.Type): readonly string[] => {
    const all = type.isUnion() ? type.types : [type];
    const names = all.map(nameOf);
    return names.includes(undefined) ? [] : [...new Set(names as readonly string[])];
  };
  return {
    typesOf: (node) => namesOf(checker.getTypeAtLocation(node)),
    isPromise: (node) => {
      const type = checker.getTypeAtLocation(node);
      return (type.isUnion() ? type.types : [type]).some((one) =>
        /^Promise(?:Like)?$/.test(one.getSymbol()?.name ?? ''),
      );
    },
  };
}
