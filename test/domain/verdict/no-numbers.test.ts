import { expect, it } from 'vitest';
import { likelyCauses, type SilentJob, silentJobText } from '../../../domain/verdict/no-numbers.js';

const silent = (more: Partial<SilentJob> & { command?: string }): SilentJob => ({
  commands: [more.command ?? 'python train.py'],
  platform: 'local',
  durationS: 40,
  stdoutTail: '',
  stderrTail: '',
  items: 0,
  skipInstrument: false,
  ...more,
});

it.each<[string, Partial<SilentJob> & { command?: string }, RegExp]>([
  [
    'sbatch',
    { command: 'bash submit.sh', durationS: 0.1, stdoutTail: 'Submitted batch job 42\n' },
    /submits the work and returns .*0\.1 s.*Submitted batch job 42/,
  ],
  [
    'sbatch on this host',
    { command: 'sbatch train.sbatch' },
    /submits the work and returns .*; start again with --platform slurm, or give one that/,
  ],
  ['nohup in the background', { command: 'nohup python train.py &' }, /submits the work and returns/],
  ['a script that does so', { commands: ['bash go.sh', 'python train.py --x 1 &\n'] }, /submits the work and returns/],
  ['kubectl', { command: 'kubectl apply -f job.yaml' }, /submits the work and returns/],
  [
    'output that goes elsewhere',
    { command: 'python train.py > train.log 2>&1' },
    /goes to train\.log .*tee train\.log/,
  ],
  ['printing that was replaced', { items: 480 }, /gave 480 items.*printing is replaced or captured/],
  ['a loop that never ran', {}, /the timed loop never ran/],
  ['a job that ended at once', { durationS: 0.2 }, /starts the training elsewhere and returns/],
])('a job without numbers: %s', (_, given, says) => {
  expect(likelyCauses(silent(given))[0]).toMatch(says);
});

const submit = 'cd x\nsbatch train.sh\n';
it.each<[string, Partial<SilentJob>, RegExp]>([
  [
    'a script',
    { commands: ['./go.sh', submit] },
    /start again with --platform slurm and, as the launch command, the call that its script makes \(sbatch train\.sh\), or give/,
  ],
  [
    'a script on that platform',
    { commands: ['./go.sh', submit], platform: 'slurm' },
    /; start again and, as the launch command, the call that its script makes/,
  ],
  [
    'the command itself on that platform',
    { commands: ['sbatch train.sh'], platform: 'slurm' },
    /returns; give one that ends/,
  ],
])('a platform that it has already is not named again: %s', (_, given, says) => {
  const [first] = likelyCauses(silent({ ...given, durationS: null }));
  expect(first).toMatch(says);
  if (given.platform === 'slurm') expect(first).not.toContain('--platform');
});

it.each([
  ['Submitted batch job 42\nSubmitted batch job 43\nSubmitted batch job 42', 'sbatch a', '`scancel 42`, `scancel 43`'],
  ['42;big', 'sbatch --parsable a', '`scancel 42`'],
  ['Your job 7 ("x") has been submitted', 'qsub a', '`qdel 7`'],
  ['1234.pbs01', 'qsub a', '`qdel 1234.pbs01`'],
  ['Job <77> is submitted to queue <gpu>.', 'bsub a', '`bkill 77`'],
  ['1 job(s) submitted to cluster 9.', 'condor_submit a', '`condor_rm 9`'],
  ['job.batch/train-x created', 'kubectl create -f a', '`kubectl delete job train-x`'],
  ['slurm://torchx/123', 'torchx run -s slurm a', '`torchx cancel slurm://torchx/123`'],
])('what was submitted and goes on is named with the command that ends it: %s', (stdoutTail, command, says) => {
  expect(likelyCauses(silent({ stdoutTail, command, durationS: 1 })).join()).toContain(
    `What it submitted may still run, and nobody watches it: end it by ${says}`,
  );
});

it('a number that a training prints is nobody that could be ended', () => {
  expect(likelyCauses(silent({ stdoutTail: '42\n100\n12.5x', durationS: 1 })).join()).not.toContain('nobody watches');
});

const EARLIER = { inTree: ['checkpoints', 'my last.pt'], outside: ['/scratch/out'] };

it.each([
  'resuming from epoch 3',
  'INFO: Restored checkpoint from checkpoints/last.pt',
  "=> loaded checkpoint 'last.pt' (epoch 90)",
  'All epochs are already done',
  'Training is already complete. Nothing to do.',
  'trained to epoch 3',
  '\u001b[32mContinuing from step 1,000\u001b[0m',
])('a training that was finished before names what it went on from, and the flag: %s', (stdoutTail) => {
  const [first] = likelyCauses(silent({ stdoutTail, earlier: EARLIER }));
  expect(first).toMatch(
    /^it went on from an earlier training .*--leave-out checkpoints; or it reads \/scratch\/out.*\$NODE_ID/,
  );
});

it('an earlier training is likely where one lies in the tree, and none where there is none', () => {
  const causes = likelyCauses(silent({ earlier: { inTree: ['my last.pt'], outside: [] } }));
  expect(causes[0]).toContain('never ran');
  expect(causes).toContainEqual(expect.stringMatching(/^it may have gone on from .*--leave-out 'my last\.pt'$/));
  const without = likelyCauses(silent({ stdoutTail: 'resuming', earlier: { inTree: [], outside: [] } }));
  expect(without.join()).not.toContain('earlier training');
});

it.each([
  ['[40] 1,234.5 samples/s', `"1,234.5 samples/s", by which --metric 'rate=([0-9.,]+) samples/s' compares`],
  ['step 3 85 ms/step', `"85 ms/step", by which --metric 'step_time:lower=([0-9.,]+) ms/step' compares`],
  ['\u001b[32m12.5it/s\u001b[0m', `"12.5it/s", by which --metric 'rate=([0-9.,]+)it/s' compares`],
  ['0.35s per batch', `"0.35s per batch", by which --metric 'step_time:lower=([0-9.,]+)s per batch' compares`],
])('without our timing, the lines are what is missing, and %s is a number to compare by', (stdoutTail, shown) => {
  const causes = likelyCauses(silent({ stdoutTail, skipInstrument: true, items: 49 }));
  expect(causes).toEqual([expect.stringMatching(/^with --skip-instrument the script itself must print the lines/)]);
  expect(causes[0]).toContain(shown);
});

it('what is no rate is not offered as one', () => {
  const [cause] = likelyCauses(silent({ stdoutTail: 'epoch 3 steps 40 in 5 s\nread 3/s.txt', skipInstrument: true }));
  expect(cause).not.toContain('--metric');
});

it('what waits for its job is none of those', () => {
  const [first] = likelyCauses(silent({ command: 'sbatch --wait train.sbatch && python train.py 2>&1 | tee log' }));
  expect(first).toContain('never ran');
});

it.each([
  ['[autoresearch] step=12 time=0.02', '"[autoresearch] step=12 time=0.02"'],
  ['[autoresearch] cpu_cores=8\n12:01 [autoresearch] epoch=1 loss=0.3', '"12:01 [autoresearch] epoch=1 loss=0.3"'],
  ['[autoresearch] step=1 step_time_ms=fast', '"[autoresearch] step=1 step_time_ms=fast"'],
])('lines of the script that lack what is needed are named: %s', (printed, shown) => {
  for (const tail of [{ stdoutTail: printed }, { stderrTail: printed }])
    expect(likelyCauses(silent({ ...tail, skipInstrument: true }))).toEqual([
      expect.stringMatching(/none with step_time_ms=… or throughput_samples_per_s=…/),
    ]);
  expect(likelyCauses(silent({ stdoutTail: printed }))[0]).toContain(shown);
});

it('lines of the timing that had not begun are no lines of the script', () => {
  expect(likelyCauses(silent({ stdoutTail: '[autoresearch] cpu_cores=8' }))[0]).toContain('never ran');
});

it('the message names every way out', () => {
  const text = silentJobText(silent({ stdoutTail: 'hello\n', skipInstrument: true }));
  for (const part of ['--metric', '--compare duration', 'hello', '--skip-instrument', 'docs/instrumentation.md'])
    expect(text).toContain(part);
});
