import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { listRunsOf, runFolder } from '../../runtime/index.ts';

/** Which report is looked for; without a run the newest. */
export interface Wanted {
  readonly notebook: string;
  readonly state: string;
  readonly run: string | undefined;
}

/** So many of the newest runs are asked for their report. */
const newest = 20;

/** Absolute path of a report that is there: where the run has said that it wrote it, else where runs write it when nothing is said. */
export function findReport({ notebook, state, run }: Wanted): string | undefined {
  const runs =
    run === undefined
      ? listRunsOf([state])
          .slice(0, newest)
          .map(({ id }) => id)
      : [run];
  const { dir, name } = path.parse(notebook);
  const usual = path.join(dir, `${name}.cellwright`, `${name}.report.html`);
  return [...runs.flatMap((id) => toldBy(state, id)), usual].find((file) => existsSync(file));
}

/** What the document of a run says that the service started. */
function toldBy(state: string, run: string): readonly string[] {
  const file = path.join(runFolder(state, run), 'document.json');
  if (!existsSync(file)) return [];
  try {
    const { report } = JSON.parse(readFileSync(file, 'utf8')) as { readonly report?: unknown };
    return typeof report === 'string' ? [report] : [];
  } catch (error) {
    // It goes on, or was killed: nothing was said.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
