import { dump } from 'js-yaml';
import type { Emission } from './target.ts';

/** A mapping of YAML; members that are undefined are left out. */
export type Mapping = Readonly<Record<string, unknown>>;

/** A document of YAML below a line that says what it is. @param what such as "one pod a step" */
export function yamlText({ bundle }: Emission, what: string, document: Mapping): string {
  const name = bundle.notebook.name.replaceAll(/\p{C}/gu, ' ');
  const text = dump(withoutUndefined(document), { lineWidth: -1, noRefs: true });
  return `# ${name}, ${what}. Emitted by cellwright: change the notebook and emit it again.\n${text}`;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]));
}
