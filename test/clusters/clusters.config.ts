import { defineConfig } from 'vitest/config';
import { pathWithPython } from '../setup/path-with-python.js';

/** `npm run test:clusters`: whole runs on clusters, and the tests of each of them that `npm test` has as well. */
export default defineConfig({
  test: {
    include: ['test/clusters/{slurm-*,kubernetes-*,torchx-*,*-run}.ts', 'test/jobs/clusters/**/*.test.ts'],
    env: { PATH: pathWithPython() },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
