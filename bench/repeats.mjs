/**
 * What belief costs: distinct experiments, jobs and job seconds of whole runs on four pipelines with little noise,
 * until the best is held and until the end, of this checkout and of an earlier one: `node bench/repeats.mjs
 * --before DIR [name…]`, DIR a built checkout of that commit; one to three minutes a run. Each is run by both
 * before the next, so that one machine on one day measures both. Exits 1 where repeats are more than 0.4 of the
 * distinct experiments, job seconds more than half of before, or a winner's command takes longer than that of before.
 */
import { parseArgs } from 'node:util';
import { withTypeScript } from '../scripts/typescript.mjs';

const { values, positionals } = parseArgs({ options: { before: { type: 'string' } }, allowPositionals: true });
process.exitCode = await withTypeScript('/bench/repeats/repeats.ts', ({ compareRepeats }) =>
  compareRepeats(values.before ?? null, positionals),
);
