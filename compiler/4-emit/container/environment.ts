import type { EmittedFile } from '../targets/target.ts';

/** Where things are in an image. */
export interface ImagePlaces {
  /** The bundle, the worker and the entry. */
  readonly home: string;
  /** An environment of Python, whose programs come first on the path. */
  readonly environment: string;
}

/** What the cells of an image run in, as parts of its Dockerfile. */
export interface ImageEnvironment {
  /** The image that it begins with: one that has `python3` with venv. */
  readonly base: string;
  /** Digest of the lock file, `sha256:…`; absent when there is none. */
  readonly lock?: string;
  /** Files that the builder needs for it. */
  readonly files: readonly EmittedFile[];
  /** Comments for whoever builds it, a line each. */
  readonly advice: readonly string[];
  /** Arguments for other images than `BASE`, by name. */
  readonly images: Readonly<Record<string, string>>;
  /** Stages before the last one. */
  readonly stages: string;
  /** What the last stage begins with. */
  readonly from: string;
  /** Lines of the last stage that bring in what the stages before have made. */
  readonly brought: string;
  /** Settings for all that runs in the image, `NAME=VALUE`. */
  readonly variables: readonly string[];
}
