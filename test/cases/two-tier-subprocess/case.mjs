// Shape: SPDL examples/llm_finetune and examples/video_classification: a continuous pipeline that runs in a subprocess
// already, a second one in front of it, fallback imports, `-m package.module`, several epochs over one pipeline.
import { broken } from '../facts.mjs';

export default {
  script: 'app/train.py',
  launch: '{python} -m app.train --num-epochs 2 --batch-size 8 --num-workers 2',
  right: 'no second subprocess; --num-workers is found and wins; no job hangs',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      'all 80 steps of the baseline are timed': facts.steps('000_baseline') === 80,
      // Two threads that wait 4 ms for each record feed at most 500 records a second.
      'the baseline is near 2 records in 4 ms': facts.baseline > 100 && facts.baseline < 500,
    }),
    ...(facts.isShort
      ? []
      : broken({
          'the pipeline in front is not moved into a second subprocess': facts.status('001_mtp') !== 'completed',
          'the winner is at least 1.3 times as fast': facts.bestRate > 1.3 * facts.baseline,
        })),
  ],
};
