import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/replay/record-histories.ts'],
    globalSetup: ['test/support/workflow-bundle-setup.ts', 'test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 120_000,
  },
});
