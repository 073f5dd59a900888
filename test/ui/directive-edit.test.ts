import { describe, expect, test } from 'vitest';
import { commentMark } from '../../extensions/ui/comment-mark.ts';
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
    expect(withDirectiveLines(cell, { name: 'metric', values: ['mae'] })).toBe(
      cell.replace('#| metric: rmse\n#| metric: auc (higher)', '#| metric: mae'),
    );
    expect(withDirectiveLines(cell, { name: 'mem', values: ['4Gi'] })).toBe(
      cell.replace('#| gate\n', '#| gate\n#| mem: 4Gi\n'),
    );
    expect(withDirectiveLines('a = 1', { name: 'env', values: ['A=1', 'B=2'] })).toBe(
      '#| env: A=1\n#| env: B=2\na = 1',
    );
    expect(withDirectiveLines(cell, { name: 'gate', values: ['true', 'rmse < 2'] })).toBe(
      cell.replace('#| gate\n', '#| gate\n#| gate: rmse < 2\n'),
    );
    expect(withDirectives(cell, new Map([['label', 'fit']]))).toBe(cell.replace('label: train', 'label: fit'));
  });

  test('are taken away, and nothing else is', () => {
    expect(withDirectiveLines(cell, { name: 'metric', values: [] })).toBe(
      cell.replace('#| metric: rmse\n#| metric: auc (higher)\n', ''),
    );
    expect(withDirectiveLines(cell, { name: 'cpu', values: [] })).toBe(cell);
    expect(withDirectiveLines('%%bash\nls', { name: 'cpu', values: ['2'] })).toBeUndefined();
  });

  test('begin as comments of the notebook’s language do', () => {
    const typed = '// Train\n//| label: train\n\nconst rmse = 1;\n';
    expect([...readDirectives(typed)]).toEqual([['label', ['train']]]);
    const made = { name: 'mem', values: ['8Gi'], mark: commentMark('TypeScript') };
    expect(withDirectiveLines(typed, made)).toBe(typed.replace('train\n\n', 'train\n//| mem: 8Gi\n\n'));
    expect(
      withDirectives(
        typed,
        new Map([
          ['label', 'fit'],
          ['cpu', '2'],
        ]),
        '//',
      ),
    ).toBe(typed.replace('label: train\n', 'label: fit\n//| cpu: 2\n'));
    expect([commentMark('python'), commentMark(undefined), commentMark('javascript')]).toEqual(['#', '#', '//']);
  });
});
