import type { Bundle } from './format.ts';

/** The first cell that looks at what cells were and gave, which only one process has; undefined when none does. */
export function lookAtHistory(bundle: Bundle): string | undefined {
  for (const task of bundle.tasks) {
    const found = task.accesses.find(({ resource }) => resource.kind === 'state' && resource.name === 'output-history');
    if (found !== undefined) return `${task.name} looks at what earlier cells were or gave (${found.reason})`;
  }
  return undefined;
}
