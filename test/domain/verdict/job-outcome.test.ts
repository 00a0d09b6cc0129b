import { describe, expect, it } from 'vitest';
import { failure } from '../../../domain/run/failure.js';
import { classifyJobEnd, type JobEnding, sawMetric, withoutSecretValues } from '../../../domain/verdict/job-outcome.js';
import { MOST_RUNS_AGAIN, runsAgain } from '../../../domain/verdict/runs-again.js';

const ending = (parts: Partial<JobEnding>): JobEnding => ({
  returnCode: 1,
  cause: 'exit',
  sawMetric: false,
  stdoutTail: '',
  stderrTail: '',
  timeoutS: 600,
  stallTimeoutS: 60,
  ...parts,
});

const traceback = (last: string) =>
  `Traceback (most recent call last):\n  File "/t/train.py", line 3, in <module>\n    go()\n${last}\n`;

const SCHEDULER_ENDS = [
  ['timeout', 'job_timed_out', /its own time limit \(PREEMPTED by 12\): ask for more time/],
  ['cancelled', 'cancelled', /^the job was cancelled \(PREEMPTED by 12\)$/],
  ['preempted', 'job_preempted', /took the job's place for another one \(PREEMPTED by 12\)$/],
  ['node_failed', 'job_node_failed', /^the host of the job failed \(PREEMPTED by 12\)$/],
  ['out_of_memory', 'job_out_of_memory', /more memory than it may/],
  ['never_started', 'job_never_started', /did not start the job/],
] as const;

describe('an end by the word of a scheduler', () => {
  it.each(SCHEDULER_ENDS)('%s is %s', (cause, kind, says) => {
    const verdict = classifyJobEnd(ending({ cause, returnCode: null, schedulerSaid: 'PREEMPTED by 12' }));
    expect(verdict).toMatchObject({ kind, message: expect.stringMatching(says) });
  });
});

it('one that is cancelled before it ran is not said to have run', () => {
  const given = { cause: 'cancelled', returnCode: null, schedulerSaid: 'Slurm: CANCELLED', neverRan: true } as const;
  expect(classifyJobEnd(ending(given))?.message).toBe('the job was cancelled before it ran (Slurm: CANCELLED)');
});

const CASES: { name: string; given: Partial<JobEnding>; kind: string | null; says?: string | RegExp }[] = [
  { name: 'a good end', given: { returnCode: 0 }, kind: null },
  {
    name: 'a good end with noise on stderr',
    given: { returnCode: 0, stderrTail: `${traceback('ValueError: x')}saved the model\n` },
    kind: null,
  },
  {
    name: 'a death that a wrapper hid',
    given: { returnCode: 0, sawMetric: true, stderrTail: traceback('MemoryError: no room') },
    kind: 'job_runtime_failed',
    says: "the job's exit code was 0, but it died after it had begun to train: MemoryError: no room",
  },
  {
    name: 'a write to a read-only place of the user',
    given: { stderrTail: traceback("OSError: [Errno 30] Read-only file system: '/data/out/last.pt'") },
    kind: 'job_failed',
    says: /last\.pt' \(jobs do not write to your files: .*\$NODE_ID.*--copy GLOB; docs\/your-files\.md\)$/,
  },
  {
    name: 'the same of a command, behind a wrapper',
    given: { returnCode: 2, stderrTail: "touch: cannot touch '/data/out/x': Read-only file system\n" },
    kind: 'job_failed',
    says: /Read-only file system \(jobs do not write to your files/,
  },
  {
    name: 'a training that is done and does not end',
    given: { returnCode: -9, cause: 'timeout', stdoutTail: 'saved the model\n[autoresearch] step=80 step_time_ms=2\n' },
    kind: 'job_timed_out',
    says: /it printed last: saved the model\. .*a thread or a child process may keep it alive \(--job-timeout is the limit\)$/,
  },
  {
    name: 'a death that only the probe saw',
    given: { returnCode: 0, uncaught: { type: 'ValueError', message: 'bad batch' } },
    kind: 'job_failed',
    says: "the job's exit code was 0, but it died before its first metric: ValueError: bad batch",
  },
  {
    name: 'import',
    given: { stderrTail: traceback("ModuleNotFoundError: No module named 'nvjpeg'") },
    kind: 'job_startup_failed',
    says: "ended with exit code 1 before its first metric: ModuleNotFoundError: No module named 'nvjpeg'",
  },
  {
    name: 'pickling, with a qualified name',
    given: {
      stderrTail: traceback("_pickle.PicklingError: Can't pickle <function <lambda>>: attribute lookup failed"),
    },
    kind: 'job_startup_failed',
    says: '_pickle.PicklingError',
  },
  {
    name: 'pickling, as an attribute error',
    given: { stderrTail: traceback("AttributeError: Can't pickle local object 'main.<locals>.load'") },
    kind: 'job_startup_failed',
  },
  {
    name: 'syntax, without the heading of a traceback',
    given: { stderrTail: '  File "/t/train.py", line 2\n    def (\n        ^\nSyntaxError: invalid syntax\n' },
    kind: 'job_startup_failed',
    says: 'SyntaxError: invalid syntax',
  },
  {
    name: 'argparse',
    given: {
      returnCode: 2,
      stderrTail: 'usage: train.py [-h]\ntrain.py: error: unrecognized arguments: --workers 8\n',
    },
    kind: 'job_startup_failed',
    says: 'unrecognized arguments: --workers 8',
  },
  {
    name: 'a command that is not there',
    given: { returnCode: 127, stderrTail: 'bash: line 1: pyton: command not found\n' },
    kind: 'job_startup_failed',
    says: 'pyton: command not found',
  },
  {
    name: 'an exception whose message has further lines, and noise after it',
    given: { stderrTail: `${traceback('ValueError: bad shape\n  got: 3')}resource_tracker: leaked objects\n` },
    kind: 'job_startup_failed',
    says: /: ValueError: bad shape$/,
  },
  {
    name: 'the last of chained exceptions',
    given: {
      stderrTail: `${traceback('KeyError: 1')}\nDuring handling of the above exception, another exception occurred:\n\n${traceback('RuntimeError: failed to initialize the decoder')}`,
    },
    kind: 'job_startup_failed',
    says: 'RuntimeError: failed to initialize the decoder',
  },
  {
    name: 'memory, before any metric: no fault of the start',
    given: { stderrTail: traceback('MemoryError') },
    kind: 'job_failed',
    says: 'MemoryError',
  },
  { name: 'a bare exit code', given: { returnCode: 3 }, kind: 'job_failed', says: 'the job ended with exit code 3' },
  {
    name: 'the same import error after training began',
    given: { sawMetric: true, stderrTail: traceback("ModuleNotFoundError: No module named 'x'") },
    kind: 'job_runtime_failed',
    says: 'after it had begun to train',
  },
  {
    name: 'killed for memory',
    given: { returnCode: -9, sawMetric: true },
    kind: 'job_runtime_failed',
    says: 'ran out of memory',
  },
  { name: 'a signal', given: { returnCode: -11 }, kind: 'job_failed', says: 'signal 11' },
  {
    name: 'the time limit',
    given: { returnCode: -15, cause: 'timeout', sawMetric: true },
    kind: 'job_timed_out',
    says: 'exceeded its limit of 600 s',
  },
  {
    name: "the scheduler's own time limit",
    given: { returnCode: null, cause: 'timeout', sawMetric: true, schedulerSaid: 'Slurm: TIMEOUT, TimeLimit' },
    kind: 'job_timed_out',
    says: 'ended the job at its own time limit (Slurm: TIMEOUT, TimeLimit)',
  },
  { name: 'a stall', given: { returnCode: -15, cause: 'stalled' }, kind: 'job_stalled', says: 'nothing new for 60 s' },
  { name: 'a cancellation', given: { returnCode: -15, cause: 'cancelled' }, kind: 'cancelled' },
  {
    name: 'a lost runner',
    given: { returnCode: null, cause: 'lost' },
    kind: 'job_lost',
    says: 'nobody saw how the job ended',
  },
  {
    name: 'an exit code of 0 that came with a timeout is still a timeout',
    given: { returnCode: 0, cause: 'timeout' },
    kind: 'job_timed_out',
  },
];

describe('classifyJobEnd', () => {
  it.each(CASES)('$name', ({ given, kind, says }) => {
    const verdict = classifyJobEnd(ending(given));
    expect(verdict?.kind ?? null).toBe(kind);
    if (says !== undefined) expect(verdict?.message).toMatch(says);
  });

  it('marks a timeout for those who filter', () => {
    expect(classifyJobEnd(ending({ cause: 'timeout', returnCode: -15 }))?.details).toEqual({
      return_code: -15,
      timed_out: true,
      limit_s: 600,
      ...{ start_cause: 'timeout', start_subject: '600 s', start_proof: '' },
    });
    expect(classifyJobEnd(ending({ cause: 'timeout', returnCode: -15, sawMetric: true }))?.details).toEqual({
      ...{ return_code: -15, timed_out: true, limit_s: 600 },
    });
  });

  it('keeps what a failed start teaches', () => {
    const stderrTail = traceback("AttributeError: Can't pickle local object 'main.<locals>.load'");
    expect(classifyJobEnd(ending({ returnCode: 1, stderrTail }))?.details).toMatchObject({
      start_cause: 'pickling',
      start_subject: 'main.<locals>.load',
    });
    expect(classifyJobEnd(ending({ returnCode: 1, stderrTail, sawMetric: true }))?.details).toEqual({ return_code: 1 });
  });

  it('names the exception class', () => {
    expect(classifyJobEnd(ending({ stderrTail: traceback('a.b.ConfigError: x') }))?.exceptionType).toBe('ConfigError');
  });

  it('quotes no credential', () => {
    const stderrTail = traceback(
      'ValueError: bad url https://me:hunter2@host/x?api_key=abc123 with sk-abcdefghijklmnop',
    );
    const message = classifyJobEnd(ending({ stderrTail }))?.message ?? '';
    expect(message).toContain('ValueError: bad url');
    expect(message).not.toMatch(/hunter2|abc123|abcdefghijklmnop/);
  });
});

describe('sawMetric', () => {
  it.each([
    ['[autoresearch] cpu_cores=32\n', false],
    ['loading\n[autoresearch] ttfb_s=1.5\n', true],
    ['[autoresearch] step=100 step_time_ms=150.2 fetch_time_ms=5.1\n', true],
    ['[autoresearch] throughput_samples_per_s=263.2', true],
    ['epoch 1: [autoresearch] step=7 step_time_ms=1.5 fetch_time_ms=0.1\n', true],
    ['I saw [autoresearch] step=1 somewhere', false],
    ['', false],
  ])('%j: %s', (text, expected) => {
    expect(sawMetric(text)).toBe(expected);
  });
});

describe('withoutSecretValues', () => {
  it.each([
    ['HF_TOKEN=hf_abcdefghijklmnopqr', 'HF_TOKEN=***'],
    ['Authorization: Bearer abc.def.ghi-jkl', 'Authorization: Bearer ***'],
    ['num_tokens: 512 is too many', 'num_tokens: 512 is too many'],
    ['KeyError: "tokenizer"', 'KeyError: "tokenizer"'],
  ])('%s', (text, expected) => {
    expect(withoutSecretValues(text)).toBe(expected);
  });
});

describe('a job whose disk was full while it ran', () => {
  const full = (parts: Partial<JobEnding>) => classifyJobEnd(ending({ diskWasFull: true, ...parts }));
  const record = (parts: Partial<JobEnding>) => {
    const verdict = full(parts);
    return verdict && failure(verdict.kind, verdict.message, 0, { details: verdict.details });
  };

  it.each<[string, Partial<JobEnding>]>([
    ['failed', {}],
    ['printed nothing any more', { cause: 'stalled', returnCode: -9 }],
  ])('runs again where it %s, a few times', (_, parts) => {
    expect(full(parts)?.message).toContain('its disk was full');
    expect([0, MOST_RUNS_AGAIN - 1, MOST_RUNS_AGAIN].map((times) => runsAgain(record(parts), times))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('holds for a job that its scheduler or its host ended, or that nobody saw end, the latter two once', () => {
    const times = (parts: Partial<JobEnding>) => [0, 1, MOST_RUNS_AGAIN].map((at) => runsAgain(record(parts), at));
    expect(times({ cause: 'preempted' })).toEqual([true, true, false]);
    expect(times({ cause: 'node_failed' })).toEqual([true, false, false]);
    expect(times({ cause: 'lost', returnCode: null, diskWasFull: false })).toEqual([true, false, false]);
    expect(times({ cause: 'out_of_memory' })).toEqual([false, false, false]);
  });

  it.each<[string, Partial<JobEnding>]>([
    ['ended well', { returnCode: 0 }],
    ['was ended at its limit', { cause: 'timeout', returnCode: -9 }],
    ['was cancelled', { cause: 'cancelled', returnCode: -9 }],
    ['failed on a disk with room', { diskWasFull: false }],
  ])('does not where it %s', (_, parts) => {
    expect(runsAgain(record(parts), 0)).toBe(false);
  });
});
