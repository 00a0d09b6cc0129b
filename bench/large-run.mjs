/**
 * What a large run costs: history events and bytes, time of an export, memory. Real server, workflows and workdir; jobs
 * and agents only pretend.
 *
 *   node bench/large-run.mjs [experiments ...]      10 100 1000 unless told, about three minutes
 *   node bench/large-run.mjs --no-export 10000      the engine workflow alone, without a workdir
 */
import { withTypeScript } from '../scripts/typescript.mjs';

process.exitCode = await withTypeScript('/bench/large-run/large-run.ts', ({ measureLargeRuns }) =>
  measureLargeRuns(process.argv.slice(2)),
);
