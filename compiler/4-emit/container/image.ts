import type { EnginePlan } from '../../bundle/engine-plan.ts';
import type { EmittedFile } from '../targets/target.ts';
import { stepCalls } from '../shell-steps.ts';
import { entryScript } from './entry.ts';

/** What an image is made from. */
export interface ImageOrder {
  readonly plan: EnginePlan;
  /** The notebook's name without its ending. */
  readonly stem: string;
  /** Digest of the bundle, `sha256:…`. */
  readonly bundle: string;
  /** Digest of the lock file, `sha256:…`. */
  readonly lock: string;
  /** Requirements with hashes, a line each. */
  readonly packages: readonly string[];
  /** The image that it begins with: one that has this Python as `python3`. */
  readonly base: string;
  /** Version of Python that was locked, or as much of it as is known; empty: any. */
  readonly python: string;
  /** Files of the bundle by path, the plan among them. */
  readonly files: ReadonlyMap<string, string>;
}

/** Where things are in the image. */
const home = '/opt/cellwright';
const environment = '/opt/notebook';
/** A number that no user of a machine has, so that a container that breaks out is nobody. */
const user = 10001;

const workerFolder = 'worker/';

/**
 * The folder that a builder makes an image from. What changes rarely comes first, so that another text of a cell makes only the last layer
 * again: the base, the user, the locked packages, the worker, and then the bundle. The same order gives the same bytes.
 */
export function imageFiles(order: ImageOrder): readonly EmittedFile[] {
  const bundle = [...order.files].map(([path, text]) => {
    const ofWorker = path.startsWith(workerFolder);
    return { path: ofWorker ? path : `bundle/${path}`, text };
  });
  return [
    { path: 'Dockerfile', text: dockerfile(order) },
    { path: '.dockerignore', text: ignored },
    { path: 'packages.txt', text: order.packages.map((line) => `${line}\n`).join('') },
    { path: 'entry.sh', text: entryScript({ home, environment }), isProgram: true },
    { path: 'bundle/steps.sh', text: stepCalls(order.plan) },
    ...bundle,
  ];
}

/** Whatever else comes to lie in the folder goes into no image. */
const ignored = `# Only what the Dockerfile copies.
*
!packages.txt
!entry.sh
!worker
!bundle
**/__pycache__
`;

function dockerfile({ stem, bundle, lock, base, python, plan }: ImageOrder): string {
  const labels: readonly (readonly [string, string])[] = [
    ['org.opencontainers.image.title', stem],
    ['org.opencontainers.image.description', `Steps of the notebook ${stem}, compiled by Cellwright`],
    ['org.opencontainers.image.base.name', base],
    ['dev.cellwright.bundle', bundle],
    ['dev.cellwright.lock', lock],
    ['dev.cellwright.steps', String(plan.steps.length)],
  ];
  return `# Builds with docker, podman or buildah: docker build -t NAME .
# Another base, such as one by its digest: --build-arg BASE=python@sha256:…
# An index of packages that needs a password: --secret id=pip,src=pip.conf
ARG BASE=${base}

FROM \${BASE} AS packages
${checkOfPython(python)}RUN python3 -m venv ${environment}
COPY packages.txt /tmp/packages.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\
    ${environment}/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r /tmp/packages.txt

FROM \${BASE}
RUN echo 'notebook:x:${String(user)}:${String(user)}::/work:/sbin/nologin' >> /etc/passwd \\
 && echo 'notebook:x:${String(user)}:' >> /etc/group \\
 && mkdir -p /work ${home} && chown ${String(user)}:${String(user)} /work
COPY --from=packages ${environment} ${environment}
ENV PATH=${environment}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
USER ${String(user)}:${String(user)}
ENTRYPOINT ["/bin/sh", "${home}/entry.sh"]
COPY entry.sh ${home}/entry.sh
COPY worker ${home}/bundle/worker
COPY bundle ${home}/bundle
LABEL ${labels.map(([name, value]) => `${name}="${plain(value)}"`).join(' \\\n      ')}
`;
}

/** With another version of Python the packages may be other ones, and results with them. */
function checkOfPython(python: string): string {
  const minor = /^\d+\.\d+/.exec(python)?.[0];
  if (minor === undefined) return '';
  const test = `import sys; v = '%d.%d' % sys.version_info[:2]; sys.exit(0 if v == '${minor}' else 'The base has Python ' + v + ', the lock is for ${minor}: give another BASE.')`;
  return `RUN python3 -c "${test}"\n`;
}

/** A label is text that builders fill variables into. */
function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ._:/@+,-]/gu, '_');
}
