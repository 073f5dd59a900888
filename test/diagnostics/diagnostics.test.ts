import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { diagnosticCatalogue } from '../../compiler/bundle/codes.ts';
import type { Diagnostic } from '../../compiler/bundle/diagnostic.ts';
import { makeWorkplace } from '../cli/installation.ts';
import { root } from '../environment.ts';

const folder = path.join(root, 'test', 'diagnostics', 'samples');
const samples = readdirSync(folder).sort();

/** A command line, its exit code, the files it finds, and what it says; `UPDATE=1` writes what it says now. */
interface Sample {
  readonly command: string;
  readonly files: readonly { readonly name: string; readonly kind: string; readonly text: string }[];
}

function readSample(text: string): Sample {
  const [head = '', ...sections] = text.split(/^== /m);
  const [command = ''] = head.split('\n');
  const files = sections
    .filter((section) => !section.startsWith('says\n'))
    .map((section) => {
      const end = section.indexOf('\n');
      const [name = '', kind = 'text'] = section.slice(0, end).split(' ');
      return { name, kind, text: section.slice(end + 1) };
    });
  return { command, files };
}

async function play({ command, files }: Sample): Promise<{ readonly code: number; readonly says: string }> {
  const place = makeWorkplace();
  try {
    for (const { name, kind, text } of files) {
      const target = path.join(place.folder, name);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(
        target,
        kind === 'base64' ? Buffer.from(text, 'base64') : text,
        kind === 'executable' ? { mode: 0o755 } : {},
      );
    }
    const { code, err, out } = await place.call(...command.split(' ').slice(1));
    const says = command.endsWith(' --json') ? diagnosticsIn(out) : err;
    // Times and amounts of memory differ from run to run.
    const plain = says.replaceAll(/\d+\.\d\d s/g, '0.00 s').replaceAll(/[\d.]+ [KMG]iB of memory/g, '0 MiB of memory');
    return { code, says: plain.replaceAll(place.folder, '.') };
  } finally {
    place.remove();
  }
}

/** What is only for information is not printed; the document has it. */
function diagnosticsIn(document: string): string {
  const { diagnostics } = JSON.parse(document) as { readonly diagnostics: readonly Diagnostic[] };
  const lines = diagnostics.flatMap(({ code, severity, message, help, related }) => [
    `${severity} ${code}: ${message}`,
    `  ${help}`,
    ...related.map((one) => `  ${one.message}`),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

describe('what is said', () => {
  test.each(samples)('%s', async (name) => {
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8');
    const { code, says } = await play(readSample(text));
    const found = text.replace(/^exit.*$/m, `exit ${String(code)}`).replace(/^== says\n[^]*$/m, `== says\n${says}`);
    if (process.env['UPDATE'] !== undefined) writeFileSync(file, found);
    expect(found).toBe(text);
    expect(says).toContain(name.slice(0, 5));
  });
});

describe('the catalogue', () => {
  const codes = Object.keys(diagnosticCatalogue);
  const sources = ['compiler', 'runtime', 'extensions'].flatMap((room) =>
    readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !name.endsWith('codes.ts'))
      .map((name) => readFileSync(path.join(root, room, name), 'utf8')),
  );

  const textsOf = (folder: string, ending: string): string[] =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(ending))
      .map((name) => readFileSync(path.join(root, folder, name), 'utf8'));
  // The steps of an engine are Python alone.
  const saidBySteps = codes.filter((code) =>
    textsOf('runtime/python/cellwright_task', '.py').some((source) => source.includes(`"${code}"`)),
  );

  test('every code is said somewhere', () => {
    const isSaid = (code: string): boolean => sources.some((source) => source.includes(`'${code}'`));
    expect(codes.filter((code) => !isSaid(code) && !saidBySteps.includes(code))).toEqual([]);
  });

  test('every code of a step has a test', () => {
    const tests = textsOf('test/engine', '.test.ts').join('');
    const ofSteps = saidBySteps.filter((code) => code.startsWith('CW8') && code !== 'CW818');
    expect(ofSteps.filter((code) => !tests.includes(code))).toEqual([]);
  });

  // Half a gigabyte is too much for a sample, a machine is like itself (test/engines), uv is there wherever the tests are (lock.test.ts hides it),
  // what fails once and then not takes a server (places.test.ts has one), and faults of our own cannot be had on purpose.
  const withoutSample = ['CW110', 'CW503', 'CW513', 'CW531', 'CW532', 'CW704', 'CW999'];

  test('every code has a sample', () => {
    const shown = new Set(samples.map((name) => name.slice(0, 5)));
    const others = codes.filter((code) => !(code.startsWith('CW8') && saidBySteps.includes(code)));
    expect(others.filter((code) => !shown.has(code))).toEqual(withoutSample);
  });

  test('every sample is of a code in the catalogue', () => {
    expect(samples.filter((name) => !codes.includes(name.slice(0, 5)))).toEqual([]);
  });
});
