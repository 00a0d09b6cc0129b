/**
 * How full job slots are beside agent calls, and whether each job ran its own experiment's code: whole runs of 15
 * experiments, 4 slots, jobs of 5 s, agent calls of 1 s; the second one with the repeats that confirm a gain: `node
 * bench/job-slots.mjs`.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

process.exitCode = await withTypeScript('/bench/job-slots/job-slots.ts', ({ measureJobSlots }) => measureJobSlots());
