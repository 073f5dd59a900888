import type { EnginePlan } from '../../bundle/engine-plan.ts';
import type { EmittedFile } from '../targets/target.ts';
import { stepCalls } from '../shell-steps.ts';
import { entryScript } from './entry.ts';
import type { ImageEnvironment, ImagePlaces } from './environment.ts';

/** What an image is made from. */
export interface ImageOrder {
  readonly plan: EnginePlan;
  /** The notebook's name without its ending. */
  readonly stem: string;
  /** Digest of the bundle, `sha256:…`. */
  readonly bundle: string;
  readonly environment: ImageEnvironment;
  /** Files of the bundle by path, the plan among them. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where things are in the image. */
export const imagePlaces: ImagePlaces = { home: '/opt/cellwright', environment: '/opt/notebook' };
const { home, environment: programs } = imagePlaces;
/** A number that no user of a machine has, so that a container that breaks out is nobody. */
const user = 10001;

const workerFolder = 'worker/';

/**
 * The folder that a builder makes an image from. What changes rarely comes first, so that another text of a cell makes only the last layer
 * again: the base, the user, what the cells run in, the worker, and then the bundle. The same order gives the same bytes.
 */
export function imageFiles(order: ImageOrder): readonly EmittedFile[] {
  const bundle = [...order.files].map(([path, text]) => {
    const ofWorker = path.startsWith(workerFolder);
    return { path: ofWorker ? path : `bundle/${path}`, text };
  });
  const { files } = order.environment;
  return [
    { path: 'Dockerfile', text: dockerfile(order) },
    { path: '.dockerignore', text: ignored(files) },
    ...files,
    { path: 'entry.sh', text: entryScript(imagePlaces), isProgram: true },
    { path: 'bundle/steps.sh', text: stepCalls(order.plan) },
    ...bundle,
  ];
}

/** Whatever else comes to lie in the folder goes into no image. */
function ignored(files: readonly EmittedFile[]): string {
  return `# Only what the Dockerfile copies.
*
${files.map(({ path }) => `!${path}\n`).join('')}!entry.sh
!worker
!bundle
**/__pycache__
`;
}

function dockerfile({ stem, bundle, environment, plan }: ImageOrder): string {
  const { base, lock, advice, images, stages, from, brought, variables } = environment;
  const labels: readonly (readonly [string, string])[] = [
    ['org.opencontainers.image.title', stem],
    ['org.opencontainers.image.description', `Steps of the notebook ${stem}, compiled by Cellwright`],
    ['org.opencontainers.image.base.name', base],
    ['dev.cellwright.bundle', bundle],
    ...(lock === undefined ? [] : [['dev.cellwright.lock', lock] as const]),
    ['dev.cellwright.steps', String(plan.steps.length)],
  ];
  const settings = [
    `PATH=${programs}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...['HOME=/tmp', 'PYTHONDONTWRITEBYTECODE=1', ...variables],
  ];
  return `# Builds with docker, podman or buildah: docker build -t NAME .
${advice.map((line) => `# ${line}\n`).join('')}ARG BASE=${base}
${Object.entries(images)
  .map(([name, image]) => `ARG ${name}=${image}\n`)
  .join('')}
${stages}
FROM ${from}
RUN echo 'notebook:x:${String(user)}:${String(user)}::/work:/sbin/nologin' >> /etc/passwd \\
 && echo 'notebook:x:${String(user)}:' >> /etc/group \\
 && mkdir -p /work ${home} && chown ${String(user)}:${String(user)} /work
${brought}ENV ${settings.join(' ')}
WORKDIR /work
USER ${String(user)}:${String(user)}
ENTRYPOINT ["/bin/sh", "${home}/entry.sh"]
COPY entry.sh ${home}/entry.sh
COPY worker ${home}/bundle/worker
COPY bundle ${home}/bundle
LABEL ${labels.map(([name, value]) => `${name}="${plain(value)}"`).join(' \\\n      ')}
`;
}

/** A label is text that builders fill variables into. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ._:/@+,-]/gu, '_');
}
