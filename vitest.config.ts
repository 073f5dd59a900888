import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/corpus/**', 'node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores are the smallest machine we promise; worker processes of the tests need one of them.
    maxWorkers: 2,
    // A test that is about processes that wait for the next run says so.
    env: { CELLWRIGHT_KEEP_WARM: '0' },
  },
});
