import type { CellRunner } from '../targets/target.ts';
import type { ImageEnvironment, ImagePlaces } from './environment.ts';

/** The programs that run cells which are none of Python's, and the modules that these import. */
export interface LockedPrograms {
  /** An image that has all of them and a Python; undefined: each comes from an image of those who make it. */
  readonly base: string | undefined;
  readonly runner: CellRunner;
  /** A module that imports what the lock has; empty when cells import nothing. */
  readonly modules: string;
}

/** Where a program is in the image of those who make it. */
interface Source {
  readonly image: (version: string | undefined) => string;
  readonly place: string;
}

const sources: Readonly<Record<string, Source>> = {
  node: {
    image: (version = '24') => `docker.io/library/node:${version}-bookworm-slim`,
    place: '/usr/local/bin/node',
  },
  deno: {
    image: (version) => `docker.io/denoland/deno:bin${version === undefined ? '' : `-${version}`}`,
    place: '/deno',
  },
};

/** It starts the steps, and has the client of a store where one is installed. */
const python = 'docker.io/library/python:3.13-slim-bookworm';
/** Where Deno has the modules. */
const kept = '/opt/deno';

/** Programs in the versions that ran the notebook, and its modules, fetched and compared with the lock while the image is built. */
export function programsEnvironment(
  { base, runner, modules }: LockedPrograms,
  { environment }: ImagePlaces,
): ImageEnvironment {
  const found = base === undefined ? runner.programs.flatMap(({ name, version }) => sourceOf(name, version)) : [];
  const copies = found.map(({ name, place }) => `COPY --from=${name} ${place} /usr/local/bin/${name}\n`).join('');
  const named = found.map(({ name, variable }) => `FROM \${${variable}} AS ${name}\n`).join('');
  return {
    base: base ?? python,
    ...(runner.lock === undefined ? {} : { lock: runner.lock }),
    files: modules === '' ? [] : [{ path: 'modules.ts', text: modules }],
    advice: [
      `Other images, such as ones by their digests: --build-arg ${['BASE', ...found.map(({ variable }) => variable)].map((name) => `${name}=…`).join(' --build-arg ')}`,
      ...(modules === '' ? [] : registries),
    ],
    images: Object.fromEntries(found.map(({ variable, image }) => [variable, image])),
    stages: `${named}FROM \${BASE} AS programs
ENV PATH=/usr/local/bin:\${PATH}
${copies}${runner.programs.map(({ name, version }) => checkOf(name, version)).join('')}RUN python3 -m venv ${environment}
${modules === '' ? '' : fetching}`,
    from: 'programs',
    // Deno keeps modules under the address of their registry, so steps have to know it.
    brought: modules === '' ? '' : `${ofRegistries}COPY --from=modules ${kept} ${kept}\n`,
    variables: modules === '' ? [] : [`DENO_DIR=${kept}`, ...addresses.map((name) => `${name}=\${${name}}`)],
  };
}

interface Found {
  readonly name: string;
  readonly variable: string;
  readonly image: string;
  readonly place: string;
}

function sourceOf(name: string, version: string | undefined): readonly Found[] {
  const source = sources[name];
  if (source === undefined) return [];
  return [{ name, variable: name.toUpperCase(), image: source.image(version), place: source.place }];
}

/** With another version results may be other ones. */
function checkOf(name: string, version: string | undefined): string {
  if (version === undefined) return `RUN ${name} --version\n`;
  const other = `The image has another ${name}, the notebook ran with ${version}: give another ${name.toUpperCase()} or BASE.`;
  return `RUN ${name} --version | head -n 1 | grep -qwF '${version}' || { echo '${other}' >&2; exit 1; }\n`;
}

const registries = [
  'Registries of your own: --build-arg NPM_CONFIG_REGISTRY=… JSR_URL=…, and with a password --secret id=npmrc,src=.npmrc',
  'A certificate that the system of BASE has and Deno has not: --build-arg DENO_TLS_CA_STORE=system',
];

const addresses = ['NPM_CONFIG_REGISTRY', 'JSR_URL'];
const ofRegistries = addresses.map((name) => `ARG ${name}\n`).join('');

const fetching = `
FROM programs AS modules
${ofRegistries}ARG DENO_TLS_CA_STORE
COPY bundle/deno.lock modules.ts /tmp/modules/
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \\
    DENO_DIR=${kept} deno cache --allow-import --lock=/tmp/modules/deno.lock --frozen /tmp/modules/modules.ts
# Steps have no password: what is not under an address that they know is fetched once more, or the build ends here.
RUN DENO_DIR=${kept} deno cache --allow-import --lock=/tmp/modules/deno.lock --frozen /tmp/modules/modules.ts
`;
