// Shape: NVIDIA apex examples/imagenet/main_amp.py (data_prefetcher, copied into very many repositories), with the DataLoader
// class of SPDL examples/imagenet_classification. next() stands in a method that another method calls in the loop.
import { broken } from '../facts.mjs';

export default {
  script: 'train_net.py',
  launch: '{python} train_net.py -b 4 -j 2 --epochs 2',
  right: 'the training loop is timed (2 epochs of 60 steps), not the validation; -j wins',
  check: (facts) => [
    ...broken({
      'the exit code is 0': facts.exitCode === 0,
      'the 120 steps of the training are timed': Math.abs(facts.steps('000_baseline') - 120) <= 2,
      // 12 ms for a batch of 4 in each of two threads.
      'the baseline is near 4 samples in 6 ms': facts.baseline > 150 && facts.baseline < 700,
    }),
    ...(facts.isShort ? [] : broken({ 'more threads win': facts.bestRate > 1.1 * facts.baseline })),
  ],
};
