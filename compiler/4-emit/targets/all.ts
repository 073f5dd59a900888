import { airflowTarget } from './airflow.ts';
import { argoTarget } from './argo.ts';
import { flyteTarget } from './flyte.ts';
import { githubTarget } from './github.ts';
import { shellTarget } from './shell.ts';
import { snakemakeTarget } from './snakemake.ts';
import type { Target } from './target.ts';

/** All engines that a bundle can be emitted for. */
export const targets: readonly Target[] = [
  airflowTarget,
  argoTarget,
  flyteTarget,
  githubTarget,
  shellTarget,
  snakemakeTarget,
];
