import { defineConfig } from 'vitest/config';
import { LONG_TESTS } from './test/setup/long-tests.js';
import { LongestFirst } from './test/setup/longest-first.js';
import { pathWithPython } from './test/setup/path-with-python.js';

/** Values in, values out: seconds for all of them. */
const FAST = ['test/domain/**/*.test.ts', 'test/setup/{base-names,comments}.test.ts'];
/** Kept histories need the bundled workflows and no server. */
const REPLAY = ['test/replay/**/*.test.ts'];
/** What runs on a real Temporal server and with the bundled workflows; both are brought up once. */
const WITH_SERVER = ['test/{workflows,system}/**/*.test.ts'];
const BUNDLE_SETUP = 'test/support/workflow-bundle-setup.ts';
const SERVER_SETUP = 'test/support/global-setup.ts';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    env: { PATH: pathWithPython() },
    pool: 'forks',
    // More than the two cores that are asked for: a good third of the tests' time is spent waiting.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      // Nothing that they import keeps anything: files of one worker share it.
      { extends: true, test: { name: 'fast', include: FAST, isolate: false } },
      {
        extends: true,
        test: {
          name: 'effects',
          include: ['test/**/*.test.ts'],
          exclude: [...FAST, ...REPLAY, ...WITH_SERVER, ...LONG_TESTS],
        },
      },
      { extends: true, test: { name: 'replay', include: REPLAY, globalSetup: [BUNDLE_SETUP] } },
      {
        extends: true,
        test: {
          name: 'server',
          include: WITH_SERVER,
          exclude: LONG_TESTS,
          globalSetup: [BUNDLE_SETUP, SERVER_SETUP],
        },
      },
    ],
  },
});
