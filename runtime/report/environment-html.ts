import { shortDigest } from '../history/amounts.ts';
import type { InstalledPackage } from '../event.ts';
import type { RecordedRun } from '../history/recorded-run.ts';
import { escapeHtml } from './ansi.ts';
import type { Section } from './html-page.ts';
import { factList } from './fact-list.ts';
import { folded } from './table.ts';

/** What the cells ran with: interpreter, packages, machine; undefined when no interpreter was found. */
export function environmentSection({ environment, language, started }: RecordedRun): Section | undefined {
  if (environment === undefined) return undefined;
  const { executable, digest, packages } = environment;
  const facts = factList([
    [language?.name ?? 'python', language?.version ?? ''],
    ['interpreter', executable],
    ['environment', shortDigest(digest)],
    ['system', started === undefined ? '' : `${started.runner.system}, ${started.runner.host}`],
    ['folder', started?.cwd ?? ''],
  ]);
  // Logs of an earlier format have none.
  const all = packages.length === 0 ? '' : folded(`${packages.length} packages are installed`, packageList(packages));
  return { id: 'environment', title: 'Environment', body: facts + all };
}

function packageList(packages: readonly InstalledPackage[]): string {
  const items = packages.map(
    ({ name, version }) => `<li>${escapeHtml(name)} <span class="note">${escapeHtml(version)}</span></li>`,
  );
  return `<ul class="packages">${items.join('')}</ul>`;
}
