/** What the other rooms may use of packages, checks and debugging. */
export { exportPackage, type PackageAnswer } from './export-package.ts';
export { captureFixtures, runTests, type Captured, type CaptureRequest, type TestsRun } from './fixtures.ts';
export { valuesBefore, type ValuesBefore } from '../history/values-before.ts';
export { observedTypes, type ObservedTypes } from './observed-types.ts';
