import { defineConfig } from 'vitest/config';

/** Tests with the real `codex` command, which is large: `npm run test:codex` installs it and runs them. */
export default defineConfig({
  test: {
    include: ['test/agent-commands/real-codex.ts'],
    pool: 'forks',
    testTimeout: 60_000,
  },
});
