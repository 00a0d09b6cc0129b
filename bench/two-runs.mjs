/**
 * Whether two whole runs of an example agree: the same winner, or gains whose intervals overlap. The seed of a run is
 * that of its jobs: the order of the samples and the first weights. `node bench/two-runs.mjs [images] [audio]`, minutes
 * a run.
 */
import { withTypeScript } from '../scripts/typescript.mjs';

const examples = process.argv.slice(2);
process.exitCode = await withTypeScript('/bench/two-runs/two-runs.ts', ({ compareTwoRuns, EXAMPLES }) =>
  compareTwoRuns(examples.length > 0 ? examples : EXAMPLES),
);
