import { defineConfig } from 'vitest/config';

/** Tests with the real `claude` command, which is large: `npm run test:claude` installs it and runs them. */
export default defineConfig({
  test: {
    include: ['test/agent-commands/real-claude.ts'],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
