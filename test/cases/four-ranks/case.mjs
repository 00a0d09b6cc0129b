// Shape: a data-parallel script under torchrun, each rank with a pipeline on its shard; one rank lags behind. All ranks
// print the timer's lines into one log, behind torchrun's labels.
import { broken } from '../facts.mjs';

const TRAINED = /^\[default\d\]:trained (\d+) samples in ([\d.]+) s/gm;

/** All samples over the time that the slowest rank took. */
function rateOf(job) {
  const ranks = [...(job?.stdout ?? '').matchAll(TRAINED)].map(([, count, seconds]) => ({ count, seconds }));
  if (ranks.length !== 4) return Number.NaN;
  return ranks.reduce((sum, { count }) => sum + Number(count), 0) / Math.max(...ranks.map(({ seconds }) => seconds));
}

export default {
  script: 'train.py',
  launch: '{python} launch.py --nproc-per-node 4 train.py --num-workers 2 --batch-size 8',
  right: "the job's rate is compared, and the analysis names rank 2 and its decode stage",
  check: (facts) => {
    const rate = rateOf(facts.job('000_baseline'));
    const { ranks, rateOf: whose } = facts.evidence('000_baseline') ?? {};
    const said = /rank 2 is \d+% slower than the median of the other ranks .*: its stage `decode` takes/i;
    return broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline is the rate of all ranks': facts.baseline > 0.8 * rate && facts.baseline < 1.3 * rate,
      'it says that rates were added up': whose === 'sum',
      'four ranks were seen': ranks?.each.map(({ name }) => name).join() === 'rank 0,rank 1,rank 2,rank 3',
      'each has the statistics of its stages': ranks?.each.every(({ stages }) =>
        stages?.some((s) => s.aveTimeS > 0.004),
      ),
      'the analysis names the slowest rank and why': said.test(facts.output('runs/000_baseline/analysis.md')),
      'so do the statistics': said.test(facts.output('runs/000_baseline/pipeline_stats_log.txt')),
      'the work of all ranks is counted': facts.evidence('000_baseline')?.steps.samples === 2400,
      'what is kept is faster as a whole': facts.best === '000_baseline' || rateOf(facts.job(facts.best)) > rate,
    });
  },
};
