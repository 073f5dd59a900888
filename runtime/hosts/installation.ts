/** What a machine runs cells with, as `installation.py` describes it. */
export interface Installation {
  readonly python: string;
  readonly implementation: string;
  readonly machine: string;
  readonly system: string;
  readonly libc: string;
  readonly executable: string;
  readonly zone: string;
  readonly locale: string;
  readonly path: readonly string[];
  /** By name: version and a digest of the files. */
  readonly packages: Readonly<Record<string, string>>;
  /** Model and abilities of its processor. */
  readonly processor: string;
  /** The machine's name. */
  readonly name: string;
}

const facts = [
  ['implementation', 'the implementation of Python'],
  ['python', 'Python'],
  ['system', 'the system'],
  ['machine', 'the architecture'],
  ['libc', 'the C library'],
  ['executable', 'the interpreter'],
  ['zone', 'local time'],
  ['locale', 'the locale'],
  ['path', 'the places where modules are looked for'],
] as const;

const mostPackages = 8;

/** In what another machine differs from this one, in words for the user; empty when cells run alike on both. */
export function differencesOf(here: Installation, there: Installation): readonly string[] {
  const found = facts.flatMap(([name, words]) => {
    const [own, other] = [here[name], there[name]].map((value) =>
      typeof value === 'string' ? value : value.join(':'),
    );
    return own === other ? [] : [`${words} is ${shown(other)} there and ${shown(own)} here`];
  });
  return [...found, ...differentPackages(here.packages, there.packages)];
}

function shown(text: string | undefined): string {
  return text === undefined || text === '' ? 'unknown' : text;
}

function differentPackages(here: Installation['packages'], there: Installation['packages']): readonly string[] {
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])].sort();
  const found = names.filter((name) => here[name] !== there[name]);
  const told = found.slice(0, mostPackages).map((name) => {
    return `${name} is ${there[name] ?? 'not installed'} there and ${here[name] ?? 'not installed'} here`;
  });
  return found.length > mostPackages ? [...told, `${String(found.length - mostPackages)} more packages differ`] : told;
}
