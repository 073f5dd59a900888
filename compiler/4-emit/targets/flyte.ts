import { workflowFile2 } from './flyte-workflow-2.ts';
import { workflowFile } from './flyte-workflow.ts';
import { requirementsFile } from './requirements-file.ts';
import type { Target } from './target.ts';

/** A project for Flyte: a file of flytekit 1.x, one for the SDK of Flyte 2, and what an image of it needs. */
export const flyteTarget: Target = {
  name: 'flyte',
  help: 'a Flyte project: pyflyte run workflow.py NAME (Flyte 2: flyte run --local workflow_v2.py NAME)',
  takesParameters: true,
  takesFiles: true,
  without: ['image', 'store'],
  emit: (emission) => [
    { path: 'workflow.py', text: workflowFile(emission) },
    { path: 'workflow_v2.py', text: workflowFile2(emission) },
    ...requirementsFile(emission.settings),
  ],
};
