import { anything, joinThings, type Root, type Thing, type Whats } from './things.ts';

interface Variable {
  readonly thing: Thing;
  readonly version: number;
}

/** What the notebook's variables hold, as the linker goes from cell to cell. */
export class Variables {
  readonly #whats: Whats;
  readonly #held = new Map<string, Variable>();
  /** Which variables lead to an object that several lead to. */
  readonly #groups = new Map<number, Set<string>>();

  constructor(whats: Whats) {
    this.#whats = whats;
  }

  has(name: string): boolean {
    return this.#held.has(name);
  }

  /** What a variable holds; a change of it changes the variable. */
  get(name: string): Thing {
    const held = this.#held.get(name);
    if (held === undefined) return { ...anything, roots: [{ name, version: 0 }] };
    return { ...held.thing, roots: [{ name, version: held.version }, ...held.thing.roots] };
  }

  /** What is known of a variable, without the variable itself. */
  peek(name: string): Thing | undefined {
    return this.#held.get(name)?.thing;
  }

  /** Binds a name, certainly or on some path only. */
  bind(name: string, value: Thing, certain: boolean): void {
    const before = this.#held.get(name);
    const own = { ...value, roots: value.roots.filter((root) => root.name !== name) };
    const joined = certain || before === undefined ? own : joinThings(before.thing, own);
    const version = (before?.version ?? 0) + (certain ? 1 : 0);
    this.#held.set(name, { thing: joined, version });
    for (const root of joined.roots) {
      if (root.name !== '') continue;
      const group = this.#groups.get(root.version);
      if (group === undefined) this.#groups.set(root.version, new Set([name]));
      else group.add(name);
    }
  }

  /** Makes two names lead to the same object: `b = a`. */
  alias(name: string, other: string, certain: boolean): void {
    const held = this.#held.get(other);
    if (held === undefined || held.thing.roots.some((root) => root.name === '')) {
      this.bind(name, held?.thing ?? anything, certain);
      return;
    }
    const thing = { ...held.thing, roots: [...held.thing.roots, this.#whats.group()] };
    this.#held.set(other, { thing, version: held.version });
    this.bind(other, thing, false);
    this.bind(name, thing, certain);
  }

  /** The variables that a change of a value with these roots changes. */
  changedBy(roots: readonly Root[]): readonly string[] {
    const names = new Set<string>();
    for (const { name, version } of roots) {
      if (name !== '') {
        if ((this.#held.get(name)?.version ?? 0) === version) names.add(name);
        continue;
      }
      for (const member of this.#groups.get(version) ?? [])
        if (this.#held.get(member)?.thing.roots.some((root) => root.name === '' && root.version === version) === true)
          names.add(member);
    }
    return [...names];
  }
}
