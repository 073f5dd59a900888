import type { Bundle } from './format.ts';
import { lookAtHistory } from './history-look.ts';

/** Why all cells have to run in one process; undefined when nothing in their texts calls for it. */
export function whyOneProcess(bundle: Bundle): string | undefined {
  return lookAtHistory(bundle) ?? insideOfKernel(bundle) ?? declaredOtherwise(bundle) ?? looksForDeclared(bundle);
}

/** In these kernels each cell has variables of its own, and what cells have in common lies inside the kernel. */
function insideOfKernel({ notebook }: Bundle): string | undefined {
  return /^[tj]slab\b/.test(notebook.kernelName) ? 'what cells of tslab have in common lies inside of it' : undefined;
}

/** The first name that a cell declares in another way than an earlier one: whether that is an error is for the engine to say. */
function declaredOtherwise({ tasks }: Bundle): string | undefined {
  const known = new Map<string, { readonly how: string; readonly task: string }>();
  for (const { name: task, script, executionCount } of tasks) {
    if (executionCount === 0) continue;
    for (const { name, how } of script?.declares ?? []) {
      const before = known.get(name);
      if (before === undefined) known.set(name, { how, task });
      else if (before.how !== how) return `${task} declares ${name} with ${how}, and ${before.task} with ${before.how}`;
    }
  }
  return undefined;
}

/**
 * The first cell that looks on the object of all globals for what another cell declares with `let`, `const` or `class`: it is not there, and a
 * process that was given the variable might find it.
 */
function looksForDeclared({ tasks }: Bundle): string | undefined {
  for (const task of tasks) {
    const globals = task.script?.globals;
    if (globals === undefined || task.executionCount === 0) continue;
    for (const other of tasks) {
      if (other === task || other.executionCount === 0) continue;
      const declared = other.script?.declares.find(
        ({ name, how }) => how !== 'var' && (globals === '*' || globals.includes(name)),
      );
      if (declared !== undefined)
        return `${task.name} looks on the global object, where ${declared.name} is not, which ${other.name} declares with ${declared.how}`;
    }
  }
  return undefined;
}
