// Shape: `python train.py 2>&1 | tee train.log` (Clair3 #368, fv3net PR #664). The pipe's exit code is tee's: 0 also when
// Python died. More than 2 workers run faster and die of memory after 60% of their steps.
import { broken } from '../facts.mjs';

export default {
  script: 'train.py',
  launch: '{python} train.py --num-workers 2 2>&1 | tee train.log',
  right: 'jobs that died are failures and never the best',
  check: (facts) => {
    const died = facts.jobs.filter((job) => /MemoryError/.test(job.stdout));
    return [
      ...broken({
        'the exit code is 0': facts.exitCode === 0,
        'the baseline ran its 100 steps': facts.steps('000_baseline') === 100,
        'no job that died completed': died.every((job) => facts.status(job.nodeId) !== 'completed'),
        'the best ran to its end': /saved the model/.test(facts.job(facts.best)?.stdout ?? ''),
      }),
      ...(facts.isShort ? [] : broken({ 'more workers were tried and died': died.length > 0 })),
    ];
  },
};
