import { defineConfig } from 'vitest/config';
import { LONG_TESTS } from '../setup/long-tests.js';
import { pathWithPython } from '../setup/path-with-python.js';

/** `npm run test:long`: whole runs, on a Temporal server that is brought up once. */
export default defineConfig({
  test: {
    include: LONG_TESTS,
    env: { PATH: pathWithPython() },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/support/workflow-bundle-setup.ts', 'test/support/global-setup.ts'],
  },
});
