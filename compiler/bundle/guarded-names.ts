import type { Access, Bundle } from './format.ts';

/**
 * What each gate guards, by the task's id: the variables that it reads. A gate mostly gives nothing, so no edge leads away from it; what
 * it has looked at is what it says that later cells must not use.
 */
export function guardedNames(bundle: Bundle): ReadonlyMap<string, ReadonlySet<string>> {
  const tools = namesOfTools(bundle);
  const guards = new Map<string, ReadonlySet<string>>();
  for (const { id, directives, measures, accesses } of bundle.tasks) {
    if (!directives.gate && (measures?.gates.length ?? 0) === 0) continue;
    guards.set(id, new Set(accesses.flatMap(readName).filter((name) => !tools.has(name))));
  }
  return guards;
}

/** The variable that an access reads, if it reads one. */
export function readName({ resource, access }: Access): string[] {
  return resource.kind === 'variable' && (access === 'read' || access === 'mutate') ? [resource.name] : [];
}

/** Modules, functions and classes: what a check is made with, not what is checked. */
function namesOfTools(bundle: Bundle): ReadonlySet<string> {
  const tools = new Set<string>();
  const others = new Set<string>();
  for (const { accesses } of bundle.tasks)
    for (const { resource, access, reason } of accesses) {
      if (resource.kind !== 'variable' || access !== 'bind') continue;
      (/^(?:import|from|def|async def|class)\b/.test(reason) ? tools : others).add(resource.name);
    }
  return new Set([...tools].filter((name) => !others.has(name)));
}
