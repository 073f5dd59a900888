import { shortDigest } from '../history/amounts.ts';
import type { InstalledPackage } from '../event.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { escapeHtml } from './ansi.ts';
import type { Section } from './html-page.ts';
import { factList } from './fact-list.ts';
import { folded } from './table.ts';

/** What the cells ran with: interpreter, packages, machine; undefined when no interpreter was found. */
export function environmentSection({ environment, language, started, reached }: RecordedRun): Section | undefined {
  if (environment === undefined) return undefined;
  const { executable, digest, packages, caches } = environment;
  const lock = started?.origin.lock;
  const facts = factList([
    [language?.engine?.name ?? 'python', language?.engine?.version ?? language?.version ?? ''],
    ...(language === undefined || isEngine(language) ? [] : [[language.name, language.version] as const]),
    ['interpreter', executable],
    ['environment', shortDigest(digest)],
    ['lock', lock === undefined ? '' : `${lock.name}, ${shortDigest(lock.digest)}`],
    ['system', started === undefined ? '' : `${started.runner.system}, ${started.runner.host}`],
    ['folder', started?.cwd ?? ''],
  ]);
  const used = new Set(reached);
  const [own, others] = [true, false].map((isUsed) => packages.filter(({ name }) => used.has(name) === isUsed));
  const body = [
    foldedPackages(own ?? [], 'that the cells reached, with what these require'),
    foldedPackages(others ?? [], whichOthers({ isFetched: caches !== undefined, isLocked: lock !== undefined }, used)),
  ];
  return { id: 'environment', title: 'Environment', body: facts + body.join('') };
}

function whichOthers(
  { isFetched, isLocked }: { readonly isFetched: boolean; readonly isLocked: boolean },
  used: ReadonlySet<string>,
): string {
  if (isFetched) return isLocked ? 'of the lock' : 'that the cells import, with what these require';
  return used.size === 0 ? 'installed' : 'installed as well, which no result depends on';
}

/** True where the language has no version of its own. */
function isEngine({ name, version, engine }: NonNullable<RecordedRun['language']>): boolean {
  return engine === undefined || engine.name === name || engine.version === version;
}

// Logs of an earlier format have none.
function foldedPackages(packages: readonly InstalledPackage[], which: string): string {
  const { length } = packages;
  return length === 0
    ? ''
    : folded(`${length} ${length === 1 ? 'package' : 'packages'} ${which}`, packageList(packages));
}

function packageList(packages: readonly InstalledPackage[]): string {
  const items = packages.map(
    ({ name, version }) => `<li>${escapeHtml(name)} <span class="note">${escapeHtml(version)}</span></li>`,
  );
  return `<ul class="packages">${items.join('')}</ul>`;
}
