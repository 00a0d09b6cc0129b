/**
 * Memory of the engine's process and of the server over many short jobs: a line at 50, 100, 200 and each further 100 of
 * them.
 * `node bench/many-jobs.mjs [jobs]`, by default 500. Linux only: it reads /proc.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

const [jobs = '500'] = process.argv.slice(2);
await withTypeScript('/bench/use/many-jobs.ts', ({ measureManyJobs }) => measureManyJobs(Number(jobs)));
