import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Values in, values out: seconds for all of them. */
const FAST = ['test/domain/**/*.test.ts', 'test/reports/**/*.test.ts'];
/** What runs on a real Temporal server and with the bundled workflows, which the global set-up brings up once. */
const WITH_SERVER = ['test/{workflows,replay,system}/**/*.test.ts'];
const GLOBAL_SETUP = 'test/support/global-setup.ts';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'fast', include: FAST } },
      {
        extends: true,
        test: { name: 'effects', include: ['test/**/*.test.ts'], exclude: [...FAST, ...WITH_SERVER] },
      },
      {
        extends: true,
        test: {
          name: 'server',
          include: WITH_SERVER,
          globalSetup: existsSync(GLOBAL_SETUP) ? [GLOBAL_SETUP] : [],
        },
      },
    ],
  },
});
