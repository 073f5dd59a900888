import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { canonicalJson } from '../../compiler/bundle/canonical.ts';
import { isObject } from '../../compiler/bundle/follow-schema.ts';
import type { LocalStore } from '../store/local.ts';
import type { PackageFolder, InstalledDistribution } from './installed.ts';
import type { ReachedPackages } from './protocol.ts';

/** What is installed, as questions of processes are answered by it. */
export interface InstalledPackages {
  /** Digest of all of it. */
  readonly whole: string;
  readonly folders: readonly PackageFolder[];
}

/** A question about what is installed, and its answer: `entry FOLDER/NAME`, `name NAME`, `group NAME`, or `*` for all. */
type Answers = Readonly<Record<string, string>>;

const kept = 'packages';

/** Answers what processes asked of what is installed, and whether an answer still holds. */
export class PackageAnswers {
  readonly #installed: InstalledPackages;
  readonly #store: LocalStore;
  readonly #differences = new Map<string, string | undefined>();
  readonly #remembered = new Map<string, string>();
  readonly #answered = new Map<string, Answers>();
  readonly #known = new Map<string, string>();

  /** Where answers are kept: tasks that were forked from one process share most of theirs. */
  constructor(store: LocalStore, installed: InstalledPackages) {
    this.#store = store;
    this.#installed = installed;
  }

  /** Keeps what a process reached, as it is now; gives the digest to find it by. */
  remember(reached: ReachedPackages): string {
    const question = JSON.stringify(reached);
    const known = this.#remembered.get(question);
    if (known !== undefined) return known;
    const answers = this.#answerOnce(reached);
    const digest = createHash('sha256').update(canonicalJson(answers)).digest('hex');
    this.#store.writeDocument(pathOf(digest), answers);
    this.#remembered.set(question, digest);
    return digest;
  }

  /**
   * The names of the distributions that an answer holds, those that they require included.
   * @param reached what processes reached, or the digest of what was remembered
   * @returns undefined where all that is installed counts, or where it is not known
   */
  distributionsIn(reached: ReachedPackages | string): readonly string[] | undefined {
    const answers = typeof reached === 'string' ? this.#store.readDocument(pathOf(reached)) : this.#answerOnce(reached);
    if (!isObject(answers) || '*' in answers) return undefined;
    const identities = Object.values(answers).flatMap((answer) => identitiesIn(String(answer)));
    return identities.map((identity) =>
      nameAndVersion(identity)[0]
        .toLowerCase()
        .replaceAll(/[-_.]+/g, '-'),
    );
  }

  /** Tasks that were forked from one process have mostly reached the same. */
  #answerOnce(reached: ReachedPackages): Answers {
    const question = JSON.stringify(reached);
    const answers = this.#answered.get(question) ?? this.#answerAll(reached);
    this.#answered.set(question, answers);
    return answers;
  }

  /** What differs from what was remembered, in words; undefined when nothing does. */
  difference(digest: string): string | undefined {
    if (!this.#differences.has(digest)) this.#differences.set(digest, this.#findDifference(digest));
    return this.#differences.get(digest);
  }

  #findDifference(digest: string): string | undefined {
    const answers = this.#store.readDocument(pathOf(digest));
    if (!isObject(answers)) return 'installed packages';
    for (const [question, before] of Object.entries(answers)) {
      const now = this.#answer(question);
      if (now !== before) return describeChange(question, String(before), now);
    }
    return undefined;
  }

  /** With what the reached ones require: native code may load a library of theirs that no import is seen of. */
  #answerAll({ everything, entries, names, groups }: ReachedPackages): Answers {
    if (everything !== '') return { '*': this.#installed.whole };
    const answers: Record<string, string> = {};
    const open = entries.map(([folder, entry]) => `entry ${join(folder, entry)}`);
    open.push(...names.map((name) => `name ${name}`), ...groups.map((group) => `group ${group}`));
    const distributions = this.#installed.folders.flatMap((folder) => folder.distributions);
    const byIdentity = new Map(distributions.map((one) => [one.identity, one]));
    for (let question = open.pop(); question !== undefined; question = open.pop()) {
      if (question in answers) continue;
      const answer = this.#answer(question);
      answers[question] = answer;
      for (const identity of identitiesIn(answer)) {
        open.push(...(byIdentity.get(identity)?.needs ?? []).map((name) => `name ${name}`));
      }
    }
    return answers;
  }

  #answer(question: string): string {
    const known = this.#known.get(question);
    if (known !== undefined) return known;
    const answer = this.#find(question);
    this.#known.set(question, answer);
    return answer;
  }

  /** Those that have entry points of the group; one of the same name elsewhere could hide one. */
  #answerGroup(group: string): string {
    const all = this.#installed.folders.flatMap(({ distributions }) => distributions);
    const names = new Set(all.filter(({ groups }) => groups.includes(group)).map(({ name }) => name));
    return write([], identitiesOf(all.filter(({ name }) => names.has(name))));
  }

  #find(question: string): string {
    if (question === '*') return this.#installed.whole;
    const [kind = ''] = question.split(' ');
    const what = question.slice(kind.length + 1);
    if (kind === 'name') {
      const all = this.#installed.folders.flatMap(({ distributions }) => distributions);
      return write([], identitiesOf(all.filter(({ name }) => name === what)));
    }
    if (kind === 'group') return this.#answerGroup(what);
    const cut = what.lastIndexOf('/');
    const folder = this.#installed.folders.find(({ path }) => path === what.slice(0, cut));
    return folder === undefined ? 'no such folder' : answerEntry(folder, what.slice(cut + 1));
  }
}

/** Everything that could be a module of this name, or is the file, and whose it is. */
function answerEntry({ names, distributions }: PackageFolder, entry: string): string {
  if (/\.(?:dist-info|egg-info)$/.test(entry)) {
    return write([], identitiesOf(distributions.filter(({ identity }) => identity.startsWith(`${entry} `))));
  }
  const present = names.filter(
    (name) => name === entry || (name.startsWith(`${entry}.`) && !name.endsWith('.dist-info')),
  );
  const owners = distributions.filter(({ entries }) => entries.some((own) => present.includes(own)));
  return write(present, identitiesOf(owners));
}

function identitiesOf(distributions: readonly InstalledDistribution[]): readonly string[] {
  return distributions.map(({ identity }) => identity);
}

function write(present: readonly string[], identities: readonly string[]): string {
  return JSON.stringify([present, identities]);
}

function identitiesIn(answer: string): readonly string[] {
  if (!answer.startsWith('[')) return [];
  const [, identities = []] = JSON.parse(answer) as readonly (readonly string[])[];
  return identities;
}

/** Names the package: `pandas 2.2.3 → 2.3.3`, or what was looked for. */
function describeChange(question: string, before: string, now: string): string {
  if (question === '*') return 'installed packages, all of which it looks through';
  const [old, fresh] = [before, now].map((answer) => new Map(identitiesIn(answer).map(nameAndVersion)));
  for (const [name, version] of fresh ?? []) {
    const earlier = old?.get(name);
    if (earlier === undefined) return `${name} ${version} was installed`;
    if (earlier !== version) return `${name} ${earlier} → ${version}`;
  }
  for (const [name, version] of old ?? []) if (fresh?.has(name) !== true) return `${name} ${version} was removed`;
  const [again] = fresh ?? [];
  if (again !== undefined && old !== undefined) return `${again[0]} was installed again`;
  return `installed packages: ${question.slice(question.lastIndexOf('/') + 1)} was looked for`;
}

function nameAndVersion(identity: string): readonly [string, string] {
  const [, name = identity, version = ''] = /^(.+?)-([^-]+)\.dist-info /.exec(identity) ?? [];
  return [name, version];
}

function pathOf(digest: string): string {
  return `${kept}/${digest}.json`;
}
