/** How one check of a cell ended. */
export interface CheckResult {
  readonly check: string;
  readonly passed: boolean;
  /** Why it failed, in the words of the test; empty when it passed. */
  readonly message: string;
}

// The heading of a failure of pytest, and the first line of what was raised below it; its summary cuts long lines.
const raisedUnderPytest = /^_+ \S*test_(\S+) _+$[^]*?^E +(\S.*)$/gm;
// `FAILED tests/test_n.py::TestCells::test_04_kept - AssertionError: …`, as the summary of pytest has it.
const byPytest = /^(?:FAILED|ERROR) \S*::test_(\S+?)(?: - (.*))?$/gm;
// `FAIL: test_04_kept (test_n.TestCells.test_04_kept)`, and what was raised at the end of the traceback.
const byUnittest = /^(?:FAIL|ERROR): test_(\S+) \([^]*?^(\w[\w.]*(?:Error|Exception|Exit)\b.*)$/gm;

/**
 * How each check ended, as the text of a test run tells. Where it names no check although the run failed, none is believed to have
 * passed: the file did not even load.
 */
export function checkResults(
  run: { readonly passed: boolean; readonly text: string },
  checks: readonly string[],
): readonly CheckResult[] {
  const failed = new Map<string, string>();
  for (const pattern of [raisedUnderPytest, byPytest, byUnittest])
    for (const [, check = '', message = ''] of run.text.matchAll(pattern))
      failed.set(check, failed.get(check) || message);
  const isKnown = run.passed || checks.some((check) => failed.has(check));
  return checks.map((check) => {
    if (failed.has(check)) return { check, passed: false, message: failed.get(check) || 'The check failed.' };
    if (isKnown) return { check, passed: true, message: '' };
    return { check, passed: false, message: run.text.trim().split('\n').at(-1) ?? '' };
  });
}
