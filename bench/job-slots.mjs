/**
 * How full job slots are beside agent calls, where the time between two jobs goes, and whether each job ran its own
 * experiment's code: whole runs of 40 experiments, 4 slots, jobs of 5 s, agent calls of 1 s; the second one with the
 * repeats that confirm a gain: `node bench/job-slots.mjs [without] [with]`.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

const kinds = process.argv.slice(2);
process.exitCode = await withTypeScript('/bench/job-slots/job-slots.ts', ({ measureJobSlots }) =>
  measureJobSlots(kinds.length > 0 ? kinds : ['without', 'with']),
);
