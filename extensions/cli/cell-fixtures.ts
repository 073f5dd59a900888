import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { PackageAnswer } from '../../runtime/index.ts';
import { isFolder } from './files.ts';
import type { Input } from './input.ts';

/** The part of a `fixture.json` that says which cell it is of. */
export interface Fixture {
  readonly cell: string;
  readonly function: string;
  readonly source: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly returns: readonly string[];
}

/** Names of the fixtures in a folder. */
export function listFixtures(folder: string): readonly string[] {
  return isFolder(folder) ? readdirSync(folder).sort() : [];
}

/** The fixture of a name. */
export function readFixture(folder: string, name: string): Fixture {
  return JSON.parse(readFileSync(path.join(folder, name, 'fixture.json'), 'utf8')) as Fixture;
}

/**
 * A fixture for the functions that were written now.
 * @returns the new text of its file, or why the cell has to be captured again
 */
export function renewed(fixture: Fixture, input: Input, made: PackageAnswer): { text: string } | { problem: string } {
  const found = made.functions.find(([cell]) => cell === fixture.cell);
  if (found === undefined) return { problem: 'its cell is not in the notebook any more' };
  const [cell, name, inputs, outputs] = found;
  const missing = inputs.find((input) => !Object.hasOwn(fixture.inputs, input));
  if (missing !== undefined) return { problem: `its cell needs ${missing} now` };
  const known = Object.entries(fixture.inputs).filter(([input]) => inputs.includes(input));
  const renewedFixture = {
    ...fixture,
    function: name,
    source: sourceDigest(input, cell),
    inputs: Object.fromEntries(known),
    returns: outputs,
  };
  return { text: `${JSON.stringify(renewedFixture, null, 2)}\n` };
}

/** As `notebook_fixtures.source_digest` makes it. */
function sourceDigest({ path: name, bytes }: Input, cell: string): string {
  const hash = createHash('sha256');
  if (!name.endsWith('.ipynb')) return hash.update(bytes).digest('hex');
  const { cells } = JSON.parse(new TextDecoder().decode(bytes)) as {
    cells: { id?: string; source: string | string[] }[];
  };
  const source = cells.find(({ id }) => id === cell)?.source;
  return source === undefined ? 'missing' : hash.update([source].flat().join(''), 'utf8').digest('hex');
}

/** The file of tests: a method for every fixture. */
export function testModule(options: {
  readonly notebook: string;
  readonly shown: string;
  readonly fixtures: string;
  readonly package: string;
  readonly names: readonly string[];
}): string {
  const methods = options.names.map(
    (name) => `\n    def test_${name}(self):\n        self.check(${JSON.stringify(name)})\n`,
  );
  return `"""Checks of cells of ${options.shown}, with what a run of it has left. Written by \`cellwright test\`."""

from notebook_fixtures import CellCase


class TestCells(CellCase):
    """Every test calls the function of a cell on captured inputs."""

    notebook = ${JSON.stringify(options.notebook)}
    fixtures = ${JSON.stringify(options.fixtures)}
    package = ${JSON.stringify(options.package)}
${methods.join('')}`;
}
