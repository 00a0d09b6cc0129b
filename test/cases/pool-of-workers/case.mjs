// Shape: SPDL examples/image_dataloading: a Pool of worker processes, each runs the whole pipeline on its shard; the
// script's own last line (TOTAL fps) is the sum. All workers print the timer's lines into one log.
import { broken } from '../facts.mjs';

const totalOf = (job) => Number(/TOTAL fps=([\d.]+)/.exec(job?.stdout ?? '')?.[1] ?? Number.NaN);

export default {
  script: 'load_flist.py',
  launch: '{python} load_flist.py --input-flist flist.txt --num-workers 4 --num-threads 1 --batch-size 8',
  right: "the job's whole rate is compared, not one worker's",
  check: (facts) => {
    const total = totalOf(facts.job('000_baseline'));
    const { ranks, rateOf } = facts.evidence('000_baseline') ?? {};
    return broken({
      'the exit code is 0': facts.exitCode === 0,
      'the workers are told apart by process':
        rateOf === 'sum' && ranks?.each.length === 4 && ranks.each.every(({ name }) => /^process \d+$/.test(name)),
      'each has the statistics of its stages': ranks?.each.every(({ stages }) => stages?.some((s) => s.aveTimeS > 0)),
      // The job's own line counts the workers' start as well: the sum of what they do while they run is near it.
      'the baseline is near the total that the script prints':
        facts.baseline > 0.6 * total && facts.baseline < 2 * total,
      'what is kept has a higher total': facts.best === '000_baseline' || totalOf(facts.job(facts.best)) > total,
      'no pipeline of a pool is moved into a process of its own': facts.status('001_mtp') !== 'completed',
    });
  },
};
