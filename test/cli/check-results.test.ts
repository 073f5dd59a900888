import { expect, test } from 'vitest';
import { checkResults } from '../../extensions/cli/check-results.ts';

test('what pytest and unittest say of each check', () => {
  const pytest =
    'F.\n=== FAILURES ===\n___ TestCells.test_01_x ___\nE       AssertionError: x is 2\nE       assert 2 == 1\n=== short test summary info ===\nFAILED tests/test_n.py::TestCells::test_01_x - AssertionError: x...\n1 failed, 1 passed in 0.1s\n';
  const unittest =
    'F.\n======\nFAIL: test_01_x (test_n.TestCells.test_01_x)\n------\nTraceback (most recent call last):\n  File "test_n.py", line 3, in test_01_x\n    self.check("01_x")\nAssertionError: x is 2\n\n------\nRan 2 tests in 0.1s\n\nFAILED (failures=1)\n';
  for (const text of [pytest, unittest])
    expect(checkResults({ passed: false, text }, ['01_x', '02_y'])).toEqual([
      { check: '01_x', passed: false, message: 'AssertionError: x is 2' },
      { check: '02_y', passed: true, message: '' },
    ]);
});

test('no check is believed to have passed when the tests did not load', () => {
  const text = 'ERROR tests/test_n.py\n!!! Interrupted: 1 error during collection !!!\n1 error in 0.1s\n';
  expect(checkResults({ passed: false, text }, ['01_x'])).toEqual([
    { check: '01_x', passed: false, message: '1 error in 0.1s' },
  ]);
  expect(checkResults({ passed: true, text: '1 passed' }, ['01_x'])).toEqual([
    { check: '01_x', passed: true, message: '' },
  ]);
});
