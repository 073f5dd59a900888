import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { python, root } from '../environment.ts';

/** Cells of which it is known what the compiler can know of them, and what it cannot. */
const cells = [
  'numbers = [3, 1, 2]\nsame = numbers',
  'numbers.sort()',
  'if len(numbers) > 5:\n    print(same)',
  'exec("made = sum(numbers)")',
  'print(made)',
  'import collections\nseen = collections.OrderedDict(a=1)',
  'class Keeper:\n    def frobnicate(self, given):\n        return given\nkeeper = [Keeper()]',
  'keeper[0].__getattribute__("frobnicate")(seen)',
];

test('what is predicted is compared with what a run observes, and each miss is told', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cellwright-precision-test-'));
  mkdirSync(path.join(folder, 'project'));
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells: cells.map((source, place) => ({
      cell_type: 'code',
      id: `c${place}`,
      metadata: {},
      source,
      outputs: [],
      execution_count: null,
    })),
  };
  writeFileSync(path.join(folder, 'project', 'known.ipynb'), JSON.stringify(notebook));
  const args = [path.join(root, 'build', 'precision.mjs'), folder, '--python', python, '--list'];
  const told = execFileSync(process.execPath, [...args, '--work', path.join(folder, 'work')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  // How long the cells took is another thing each time.
  expect(told.replaceAll(/ [\d.]+ \|$/gm, '')).toMatchInlineSnapshot(`
    "1 notebooks

    | predicted with the tables | certain | certain and possible | assumed |
    | --- | --- | --- | --- |
    | read | 5 of 5 (100.0 %) | 6 of 7 (85.7 %) |  |
    | bound | 6 of 6 (100.0 %) | 6 of 6 (100.0 %) |  |
    | changed | 2 of 2 (100.0 %) | 2 of 2 (100.0 %) | 0 of 2 (0.0 %) |
    | deleted |  |  |  |
    | all | 13 of 13 (100.0 %) | 14 of 15 (93.3 %) | 0 of 2 (0.0 %) |

    | observed, with the tables | in all | known | assumed | said so | shares | missed | recall |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | read | 7 | 6 | 0 | 1 | 0 | 0 | 7 of 7 (100.0 %) |
    | bound | 7 | 6 | 0 | 1 | 0 | 0 | 7 of 7 (100.0 %) |
    | changed | 2 | 2 | 0 | 0 | 0 | 0 | 2 of 2 (100.0 %) |
    | deleted | 0 | 0 | 0 | 0 | 0 | 0 |  |

    | predicted without | certain | certain and possible | assumed |
    | --- | --- | --- | --- |
    | read | 4 of 4 (100.0 %) | 5 of 6 (83.3 %) | 1 of 1 (100.0 %) |
    | bound | 6 of 6 (100.0 %) | 6 of 6 (100.0 %) |  |
    | changed |  |  | 2 of 7 (28.6 %) |
    | deleted |  |  |  |
    | all | 10 of 10 (100.0 %) | 11 of 12 (91.7 %) | 3 of 8 (37.5 %) |

    | observed, without | in all | known | assumed | said so | shares | missed | recall |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | read | 7 | 5 | 1 | 0 | 0 | 1 | 6 of 7 (85.7 %) |
    | bound | 7 | 6 | 0 | 0 | 0 | 1 | 6 of 7 (85.7 %) |
    | changed | 2 | 0 | 2 | 0 | 0 | 0 | 2 of 2 (100.0 %) |
    | deleted | 0 | 0 | 0 | 0 | 0 | 0 |  |

    | edges | unnecessary | missing | width in tasks | width in seconds |
    | --- | --- | --- | --- | --- |
    | with the tables, certain | 0 of 4 (0.0 %) | 2 of 6 (33.3 %) | 2.67 |
    | with the tables, all | 0 of 5 (0.0 %) | 1 of 6 (16.7 %) | 2.67 |
    | without, certain | 0 of 4 (0.0 %) | 3 of 6 (50.0 %) | 4.00 |
    | without, all | 0 of 5 (0.0 %) | 2 of 6 (33.3 %) | 2.67 |
    | as observed |  |  | 2.00 |

    unconfirmed may reads same  03_cell  project/known.ipynb  
    unconfirmed assumed changes keeper  08_cell  project/known.ipynb  call of keeper[0].__getattribute__(), which is not known to leave it alone
    unconfirmed assumed changes seen  08_cell  project/known.ipynb  call of keeper[0].__getattribute__("frobnicate")(), which is not known to leave it alone
    "
  `);
});
