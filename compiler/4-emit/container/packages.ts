import type { ImageEnvironment, ImagePlaces } from './environment.ts';

/** The locked packages of a notebook in Python. */
export interface LockedPackages {
  readonly base: string;
  /** Digest of the lock file, `sha256:…`. */
  readonly lock: string;
  /** Requirements with hashes, a line each. */
  readonly packages: readonly string[];
  /** Version of Python that was locked, or as much of it as is known; empty: any. */
  readonly python: string;
}

/** An environment with the locked packages and nothing else. */
export function packagesEnvironment(
  { base, lock, packages, python }: LockedPackages,
  { environment }: ImagePlaces,
): ImageEnvironment {
  return {
    base,
    lock,
    files: [{ path: 'packages.txt', text: packages.map((line) => `${line}\n`).join('') }],
    advice: [
      'Another base, such as one by its digest: --build-arg BASE=python@sha256:…',
      'An index of packages that needs a password: --secret id=pip,src=pip.conf',
    ],
    images: {},
    stages: `FROM \${BASE} AS packages
${checkOfPython(python)}RUN python3 -m venv ${environment}
COPY packages.txt /tmp/packages.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \\
    ${environment}/bin/python -m pip install --no-cache-dir --no-deps --require-hashes -r /tmp/packages.txt
`,
    from: '${BASE}',
    brought: `COPY --from=packages ${environment} ${environment}\n`,
    variables: [],
  };
}

/** With another version of Python the packages may be other ones, and results with them. */
function checkOfPython(python: string): string {
  const minor = /^\d+\.\d+/.exec(python)?.[0];
  if (minor === undefined) return '';
  const test = `import sys; v = '%d.%d' % sys.version_info[:2]; sys.exit(0 if v == '${minor}' else 'The base has Python ' + v + ', the lock is for ${minor}: give another BASE.')`;
  return `RUN python3 -c "${test}"\n`;
}
