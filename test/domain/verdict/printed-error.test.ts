/** The exception of a failed job, read through the labels of launchers and told apart by rank. */
import { describe, expect, it } from 'vitest';
import { fatalEnd } from '../../../domain/verdict/fatal-end.js';
import { classifyJobEnd, sawMetric } from '../../../domain/verdict/job-outcome.js';
import { lastError } from '../../../domain/verdict/printed-error.js';

const traceback = (last: string) => [
  'Traceback (most recent call last):',
  '  File "/t/train.py", line 3, in <module>',
  '    go()',
  last,
];
const labelled = (label: string, lines: string[]) => lines.map((line) => `${label}${line}`);
const text = (...lines: (string | string[])[]) => `${lines.flat().join('\n')}\n`;

/** In turn, as two ranks print that die at once. */
const interleaved = (one: string[], other: string[]) => one.flatMap((line, at) => [line, other[at]!]);

/** As torchrun ends: with an exception of its own, and who died first. */
const torchrunEnds = (rank: number) => [
  'E1129 10:00:01.000 140 torch/distributed/elastic/multiprocessing/api.py:869] failed (exitcode: 1) local_rank: 0 (pid: 9) of binary: python',
  'Traceback (most recent call last):',
  '  File "/bin/torchrun", line 8, in <module>',
  '    sys.exit(main())',
  'torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ',
  '============================================================',
  'train.py FAILED',
  'Failures:',
  '  <NO_OTHER_FAILURES>',
  'Root Cause (first observed failure):',
  '[0]:',
  '  time      : 2026-11-29_10:00:01',
  `  rank      : ${rank} (local_rank: ${rank})`,
  '  exitcode  : 1 (pid: 9)',
  '============================================================',
];

describe('the exception that a job printed', () => {
  it.each<[string, string]>([
    ['PyTorch', '[rank1]: '],
    ['torchrun', '[default1]:'],
    ['torchrun, of a role without a name', '[1]:'],
    ['torchrun and PyTorch', '[default1]:[rank1]: '],
    ['srun', '1: '],
    ['torchx', 'sh/1 '],
    ['torchx, in colours', '\u001b[32mtrainer/1\u001b[0m '],
    ['mpirun', '[1,1]<stderr>:'],
  ])('is read through the label of %s', (_, label) => {
    const stderr = text(labelled(label, traceback('KeyError: 7')));
    expect(lastError(stderr)).toMatchObject({ type: 'KeyError', text: 'KeyError: 7' });
    expect(fatalEnd({ stdout: '', stderr, stdoutOutlastsS: null })?.type).toBe('KeyError');
    const trained = text(labelled(label, ['[autoresearch] step=1 step_time_ms=3']));
    expect(sawMetric(trained)).toBe(true);
  });

  it('is that of the rank whose traceback it is, where two print in turn', () => {
    const [zero, one] = [
      labelled('[rank0]: ', traceback('ValueError: of rank 0')),
      labelled('[rank1]: ', traceback('RuntimeError: connection closed by peer')),
    ];
    expect(lastError(text(interleaved(zero, one)))).toMatchObject({ type: 'ValueError' });
    expect(lastError(text(interleaved(one, zero)))).toMatchObject({ type: 'RuntimeError' });
  });

  it('is that of the rank that died first, as torchrun says', () => {
    const [zero, two] = [
      labelled('[rank0]: ', traceback('RuntimeError: connection closed by peer')),
      labelled('[rank2]: ', traceback('ValueError: bad image')),
    ];
    const stderr = text(interleaved(zero, two), torchrunEnds(2));
    expect(lastError(stderr)).toEqual({ type: 'ValueError', text: 'ValueError: bad image (rank 2)' });
    const ending = { returnCode: 1, cause: 'exit' as const, sawMetric: false, stdoutTail: '', stderrTail: stderr };
    expect(classifyJobEnd({ ...ending, timeoutS: 60, stallTimeoutS: 60 })).toMatchObject({
      kind: 'job_startup_failed',
      exceptionType: 'ValueError',
    });
  });

  it('is not the launcher’s own, where a rank without a label has said why', () => {
    const stderr = text(traceback('ValueError: bad image'), torchrunEnds(0));
    expect(lastError(stderr)?.type).toBe('ValueError');
    expect(lastError(text(torchrunEnds(0)))?.type).toBe('ChildFailedError');
  });

  it('is none that a rank has caught and trained on after', () => {
    const stderr = text(
      labelled('[rank0]: ', [...traceback('OSError: try again'), '[autoresearch] step=9 step_time_ms=3']),
      labelled('[rank1]: ', traceback('ValueError: bad image')),
    );
    expect(lastError(stderr)?.type).toBe('ValueError');
  });
});

describe('the status with which torchx ends', () => {
  const status = (message = '<NONE>') => [
    'torchx 2026-11-30 16:37:39 INFO     Job finished: FAILED',
    'torchx 2026-11-30 16:37:39 ERROR    AppStatus:',
    `  msg: ${message}`,
    '  num_restarts: 0',
    '  state: FAILED (5)',
    '  structured_error_msg: <NONE>',
    '  ui_url: file:///tmp/torchx_24m3ky7m/torchx/sh-jf9',
    '',
  ];

  it.each<[string, string | null]>([
    [text('sh/0 Error: no data in /x', status()), 'Error: no data in /x'],
    [text('sh/0 no data in /x', status()), null],
    [text('sh/0 begun', status('the queue ended it')), 'error: the queue ended it'],
    [
      text('torchx 2026-11-30 16:37:39 ERROR    unknown scheduler: x'),
      'torchx 2026-11-30 16:37:39 ERROR    unknown scheduler: x',
    ],
  ])('is no cause of a failure by itself', (output, cause) => {
    expect(lastError(output)?.text ?? null).toBe(cause);
  });
});
