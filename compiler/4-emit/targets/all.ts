import { flyteTarget } from './flyte.ts';
import { shellTarget } from './shell.ts';
import type { Target } from './target.ts';

/** All engines that a bundle can be emitted for. */
export const targets: readonly Target[] = [flyteTarget, shellTarget];
