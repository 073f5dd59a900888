/**
 * The path of a module in the tables: `node:fs` and `fs` are the same, and so are the versions of a package. What is written with a dot
 * or as an address is a module of the notebook's own, which no table knows.
 */
export function pathOfModule(specifier: string): string {
  const plain = specifier.replace(/^(?:node|npm|jsr):/, '');
  if (/^(?:\.{0,2}\/|[a-z][\w+.-]*:)/.test(plain)) return specifier;
  const found = /^((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?(\/.*)?$/.exec(plain);
  return found === null ? plain : `${found[1] ?? ''}${found[2] ?? ''}`;
}
