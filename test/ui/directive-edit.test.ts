import { describe, expect, test } from 'vitest';
import { readDirectives, withDirectiveLines, withDirectives } from '../../extensions/ui/directive-edit.ts';

const cell = '# Train\n#| label: train\n#| metric: rmse\n#| metric: auc (higher)\n#| gate\n\nrmse = 1\n#| mem: 8Gi\n';

describe('directives of a cell', () => {
  test('are the lines above its first line of code', () => {
    expect([...readDirectives(cell)]).toEqual([
      ['label', ['train']],
      ['metric', ['rmse', 'auc (higher)']],
      ['gate', ['true']],
    ]);
    expect([...readDirectives('%%bash\n#| mem: 8Gi\n')]).toEqual([]);
    expect([...readDirectives('#| these are words\na = 1')]).toEqual([]);
  });

  test('get other values where they stand, or stand behind the others', () => {
    expect(withDirectiveLines(cell, 'metric', ['mae'])).toBe(
      cell.replace('#| metric: rmse\n#| metric: auc (higher)', '#| metric: mae'),
    );
    expect(withDirectiveLines(cell, 'mem', ['4Gi'])).toBe(cell.replace('#| gate\n', '#| gate\n#| mem: 4Gi\n'));
    expect(withDirectiveLines('a = 1', 'env', ['A=1', 'B=2'])).toBe('#| env: A=1\n#| env: B=2\na = 1');
    expect(withDirectiveLines(cell, 'gate', ['true', 'rmse < 2'])).toBe(
      cell.replace('#| gate\n', '#| gate\n#| gate: rmse < 2\n'),
    );
    expect(withDirectives(cell, new Map([['label', 'fit']]))).toBe(cell.replace('label: train', 'label: fit'));
  });

  test('are taken away, and nothing else is', () => {
    expect(withDirectiveLines(cell, 'metric', [])).toBe(cell.replace('#| metric: rmse\n#| metric: auc (higher)\n', ''));
    expect(withDirectiveLines(cell, 'cpu', [])).toBe(cell);
    expect(withDirectiveLines('%%bash\nls', 'cpu', ['2'])).toBeUndefined();
  });
});
