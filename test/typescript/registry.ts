import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** A registry of npm and of JSR, and plain modules, on this machine alone. */
export interface TestRegistry {
  /** Settings that lead Deno to it. */
  readonly variables: Readonly<Record<string, string>>;
  readonly address: string;
  /** How often it was asked for something. */
  readonly asked: () => number;
  /** From then on it has a version 1.1.0 of `cw-twice` as well, which adds one. */
  publish(): void;
  /** From then on nobody answers there. */
  close(): Promise<void>;
}

const triple = 'export const triple = (n: number): number => 3 * n;\n';

/** npm has `cw-twice` 1.0.0, JSR has `@cw/math` 1.2.0; `plain.ts` imports `four.ts`. */
export async function openRegistry(): Promise<TestRegistry> {
  let asked = 0;
  const archives = new Map([['1.0.0', packTwice('1.0.0', '2 * n')]]);
  const server = createServer((question, answer) => {
    asked++;
    const found = answers()[question.url ?? ''];
    answer.statusCode = found === undefined ? 404 : 200;
    const isModule = question.url?.endsWith('.ts') === true;
    answer.setHeader('content-type', isModule ? 'application/typescript' : 'application/json');
    answer.end(found);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const entryOf = (version: string, archive: Buffer): object => ({
    name: 'cw-twice',
    version,
    dist: {
      tarball: `${address}cw-twice/-/cw-twice-${version}.tgz`,
      integrity: `sha512-${createHash('sha512').update(archive).digest('base64')}`,
    },
  });
  const answers = (): Readonly<Record<string, string | Buffer>> => ({
    '/cw-twice': JSON.stringify({
      name: 'cw-twice',
      'dist-tags': { latest: [...archives.keys()].at(-1) },
      versions: Object.fromEntries([...archives].map(([version, archive]) => [version, entryOf(version, archive)])),
    }),
    ...Object.fromEntries([...archives].map(([version, archive]) => [`/cw-twice/-/cw-twice-${version}.tgz`, archive])),
    '/@cw/math/meta.json': JSON.stringify({ scope: 'cw', name: 'math', latest: '1.2.0', versions: { '1.2.0': {} } }),
    '/@cw/math/1.2.0_meta.json': JSON.stringify({
      manifest: {
        '/mod.ts': { size: triple.length, checksum: `sha256-${createHash('sha256').update(triple).digest('hex')}` },
      },
      moduleGraph2: { '/mod.ts': {} },
      exports: { '.': './mod.ts' },
    }),
    '/@cw/math/1.2.0/mod.ts': triple,
    '/plain.ts': 'export { four } from "./four.ts";\n',
    '/four.ts': 'export const four = 4;\n',
  });
  return {
    address,
    variables: { NPM_CONFIG_REGISTRY: address, JSR_URL: address },
    asked: () => asked,
    publish: () => archives.set('1.1.0', packTwice('1.1.0', '2 * n + 1')),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function packTwice(version: string, gives: string): Buffer {
  return packed({
    'package/package.json': JSON.stringify({ name: 'cw-twice', version, main: 'index.js' }),
    'package/index.js': `exports.twice = (n) => ${gives};\n`,
  });
}

/** A `.tgz` of these files. */
function packed(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const head = Buffer.alloc(512);
    const fields: readonly (readonly [string, number])[] = [
      [name, 0],
      ['0000644\0', 100],
      ['0000000\0', 108],
      ['0000000\0', 116],
      [`${text.length.toString(8).padStart(11, '0')}\0`, 124],
      ['00000000000\0', 136],
      ['        ', 148],
      ['0', 156],
      ['ustar\x0000', 257],
    ];
    for (const [value, place] of fields) head.write(value, place);
    const sum = head.reduce((all, byte) => all + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [head, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}
