/**
 * What a cluster's scheduler is asked by a run with many jobs: a real Slurm, whose commands are counted while jobs are
 * submitted, while a few of them run and the others wait, and while all are cancelled.
 * `node bench/scheduler-requests.mjs [jobs] [minutes] [seconds of the poll interval]`, by default 50, 10 and 10. It
 * ends with an error where there was more than a question a poll interval, a submission and a cancellation for each
 * job. As root, where Slurm is installed (`node scripts/setup.mjs slurm`).
 */
import { withTypeScript } from '../scripts/typescript.mjs';

const [jobs = '50', minutes = '10', pollS = '10'] = process.argv.slice(2);
await withTypeScript('/bench/use/scheduler-requests.ts', ({ measureSchedulerRequests }) =>
  measureSchedulerRequests(Number(jobs), Number(minutes), Number(pollS)),
);
