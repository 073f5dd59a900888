import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { flyteidl as FlyteIdl } from '@flyteorg/flyteidl/gen/pb-js/flyteidl.js';

/** Flyte's own protocol buffers. */
export const { flyteidl } = createRequire(import.meta.url)('@flyteorg/flyteidl/gen/pb-js/flyteidl.js') as {
  flyteidl: typeof FlyteIdl;
};

export type TaskTemplate = FlyteIdl.core.ITaskTemplate;
export type Node = FlyteIdl.core.INode;
export type Literal = FlyteIdl.core.ILiteral;
export type Binding = FlyteIdl.core.IBindingData;

/** What flytekit serialised of one project. */
export interface Serialized {
  /** By the name of the function. */
  readonly tasks: ReadonlyMap<string, TaskTemplate>;
  readonly workflow: FlyteIdl.core.IWorkflowTemplate;
  readonly plans: ReadonlyMap<string, FlyteIdl.admin.ILaunchPlanSpec>;
}

/** Reads the files that `pyflyte serialize` wrote; the digit before `.pb` tells the kind. */
export function readSerialized(files: readonly string[]): Serialized {
  const tasks = new Map<string, TaskTemplate>();
  const plans = new Map<string, FlyteIdl.admin.ILaunchPlanSpec>();
  let workflow: FlyteIdl.core.IWorkflowTemplate = {};
  for (const file of files) {
    const bytes = readFileSync(file);
    const kind = /_(\d)\.pb$/.exec(path.basename(file))?.[1];
    if (kind === '1') {
      const { template } = flyteidl.admin.TaskSpec.decode(bytes);
      if (template) tasks.set((template.id?.name ?? '').replace('workflow.', ''), template);
    } else if (kind === '2') workflow = flyteidl.admin.WorkflowSpec.decode(bytes).template ?? {};
    else {
      const { id, spec } = flyteidl.admin.LaunchPlan.decode(bytes);
      plans.set(id?.name ?? '', spec ?? {});
    }
  }
  return { tasks, workflow, plans };
}

/** The nodes that a binding waits for, and the output that it takes of each. */
export function promisesOf(
  binding: Binding | null | undefined,
): readonly { readonly node: string; readonly output: string }[] {
  if (binding?.promise) {
    const { nodeId, var: output } = binding.promise;
    return nodeId ? [{ node: nodeId, output: output ?? '' }] : [];
  }
  return (binding?.collection?.bindings ?? []).flatMap(promisesOf);
}

/** The name of the function that a node runs. */
export function functionOf(node: Node): string {
  return (node.taskNode?.referenceId?.name ?? '').replace('workflow.', '');
}
