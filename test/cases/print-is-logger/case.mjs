// Shape: training scripts that begin with `print = logger.info` or `print = tqdm.write` (ten and more public files). The
// name `print` of the module then takes no `flush=`.
import { broken } from '../facts.mjs';

export default {
  script: 'train_seg.py',
  launch: '{python} train_seg.py --num_workers 2',
  right: 'the timer does not break the script; --num_workers wins',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      'the baseline completed': facts.status('000_baseline') === 'completed',
      'the baseline is measured': facts.baseline > 0,
    }),
    ...(facts.isShort ? [] : broken({ 'more workers win': facts.bestRate > 1.2 * facts.baseline })),
  ],
};
