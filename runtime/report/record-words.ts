import type { RecordedRun } from '../history/recorded-run.ts';

/** `2026-11-27 20:21`, in UTC. */
export function timeOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** Who ran it, and where; empty in logs of an earlier format. */
export function personOf({ started }: RecordedRun): string {
  return started === undefined ? '' : `${started.runner.user} on ${started.runner.host}`;
}

/** The commit, and whether files differed from it; empty outside of a repository. */
export function commitOf({ sourceControl }: RecordedRun): string {
  if (sourceControl === undefined) return '';
  const { commit, changed, more } = sourceControl;
  const short = commit.slice(0, 7);
  if (changed === undefined) return `${short}, changes not known`;
  if (changed.length === 0) return short;
  return `${short} and ${more ? 'more than ' : ''}${changed.length} changed ${changed.length === 1 ? 'file' : 'files'}`;
}
