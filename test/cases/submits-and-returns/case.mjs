// Shape: `sbatch train.sbatch`, `nohup … &`, `kubectl apply`: the launch command returns at once (torchx #479, toil #4743).
import { broken } from '../facts.mjs';

export default {
  script: 'train.py',
  launch: 'bash submit.sh {python} --num-workers 2',
  right: 'the baseline fails and the message names the cause; nothing else is launched',
  check: (facts) =>
    broken({
      'the exit code is 1': facts.exitCode === 1,
      'the baseline failed': facts.status('000_baseline') === 'failed',
      'the message says that the command submits and returns': /submits?\b.*\breturns?/i.test(facts.printed),
      'one job was started': facts.jobs.length === 1,
    }),
};
