import { describe, expect, it } from 'vitest';
import { pipesWithoutPipefail, swallowsExitCode } from '../../../domain/command/swallowed-codes.js';
import { fatalEnd } from '../../../domain/verdict/fatal-end.js';

const traceback = (last: string, before = '') =>
  `${before}Traceback (most recent call last):\n  File "/t/train.py", line 3, in <module>\n    go()\n${last}\n`;
const ends = (stdout: string, stderr = '', stdoutOutlastsS: number | null = null) =>
  fatalEnd({ stdout, stderr, stdoutOutlastsS });
const STEPS = Array.from({ length: 3 }, (_, i) => `[autoresearch] step=${i + 1} step_time_ms=5`).join('\n');

describe('the end of what a job printed is its death', () => {
  it.each<[string, string, string, string]>([
    ['a traceback in a pipe', `${STEPS}\n${traceback('MemoryError: no room')}`, '', 'MemoryError: no room'],
    [
      'with the timer’s last words',
      `${traceback('ValueError: x')}[autoresearch] throughput_samples_per_s=3\n`,
      '',
      'ValueError: x',
    ],
    ['before a script’s last word', `${traceback('ValueError: x')}done\n`, '', 'ValueError: x'],
    [
      'on stderr, in a rank',
      STEPS,
      traceback('RuntimeError: CUDA error: device-side assert').replace(/^/gm, '[rank0]: '),
      'CUDA error',
    ],
    [
      'with more lines of its message',
      '',
      `${traceback('RuntimeError: CUDA error: x')}CUDA kernel errors might be asynchronous\nCompile with \`TORCH_USE_CUDA_DSA\`\n`,
      'CUDA error',
    ],
    ['in colours', '', `\u001b[31m${traceback('ValueError: x')}\u001b[0m`, 'ValueError: x'],
    [
      'in a frame',
      '',
      '╭── Traceback (most recent call last) ──╮\n│ /t/train.py:3 in <module>      │\n╰───╯\nValueError: x\n',
      'ValueError: x',
    ],
    ['a logged one at the end', '', traceback('OSError: disk', 'ERROR:root:training failed\n'), 'OSError: disk'],
    ['an error of one’s own', '', traceback('train.NoMoreData: all read'), 'NoMoreData'],
    [
      'Killed, as the shell says',
      `${STEPS}\nbash: line 1:  4242 Killed                  python train.py\ndone\n`,
      '',
      'Killed',
    ],
    ['a segmentation fault', STEPS, 'Segmentation fault (core dumped)\n', 'Segmentation fault'],
    [
      'C++',
      STEPS,
      "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\nAborted (core dumped)\n",
      'core dumped',
    ],
    [
      'NCCL',
      STEPS,
      '[E ProcessGroupNCCL.cpp:475] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL\n',
      'Watchdog',
    ],
    ['CUDA without Python', 'CUDA error: out of memory\n', '', 'CUDA error'],
  ])('%s', (_, stdout, stderr, says) => expect(ends(stdout, stderr)?.text).toContain(says));

  it('also where stdout was written to a moment later: the timer says its last word at exit', () => {
    expect(ends(`${STEPS}\nsaved\n`, traceback('ValueError: x'), 0.01)).not.toBeNull();
  });
});

describe('no death', () => {
  it.each<[string, string, string, number | null]>([
    ['nothing at all', '', '', null],
    [
      'a traceback in the middle, and more training',
      `${STEPS}\n${traceback('OSError: bad file')}${STEPS}\nsaved the model\n`,
      '',
      null,
    ],
    ['one on stderr, while stdout went on for seconds', `${STEPS}\n`, traceback('OSError: bad file'), 1.5],
    [
      'one on stderr, and stdout ends with the job’s own words, where no order is known',
      'saved the model\n',
      traceback('OSError: x'),
      null,
    ],
    ['one on stderr, with more after it', '', `${traceback('OSError: bad file')}INFO:root:epoch 2 begins\n`, null],
    [
      'a destructor at exit',
      'saved\n',
      traceback('TypeError: x', 'Exception ignored in: <function Loader.__del__>\n'),
      0,
    ],
    ['a thread', '', traceback('ValueError: x', 'Exception in thread Thread-3 (watch):\n'), 0],
    ['Ctrl+C of a helper', '', traceback('KeyboardInterrupt'), 0],
    ['a word in a sentence', 'Killed 3 stale workers\n', 'no CRITICAL messages\n', null],
    ['a worker that was killed, and training went on', `Killed\n${STEPS}\n`, '', null],
  ])('%s', (_, stdout, stderr, outlasts) => expect(ends(stdout, stderr, outlasts)).toBeNull());
});

describe('a command that hides how its job ended', () => {
  it.each([
    'python train.py || true',
    'python train.py > >(sed s/^/x/) 2>&1 &\nwait\n',
    'python a.py & python b.py & wait',
    'make -i train',
    'make THREADS=2 train --ignore-errors',
    'python train.py || echo failed',
    'python train.py; true',
    'python train.py; echo done',
    'set +e; python train.py',
    'python train.py &',
    'nohup python train.py > log 2>&1 &\necho started',
    '#!/bin/bash\npython train.py\necho done\n',
    'python train.py; exit 0',
  ])('%j', (command) => expect(swallowsExitCode(command)).not.toBeNull());
  it.each([
    'python train.py',
    'cd src && python train.py --name "a; true"',
    'python train.py 2>&1 | tee log',
    'python a.py & pid=$!; wait $pid',
    'python a.py & wait -n',
    'export A=1; python train.py',
    'python train.py > log 2>&1',
    'test -d data || exit 1; python train.py',
    '#!/bin/bash\n# || true\npython train.py "$@"\n',
  ])('%j does not', (command) => expect(swallowsExitCode(command)).toBeNull());
  it.each([
    ['make', 'train:\n\t-$(PYTHON) fit.py\n'],
    ['make', 'train: data\n\t@-python fit.py --x \\\n\t  --y\n'],
    ['make', '.IGNORE:\ntrain:\n\tpython fit.py\n'],
    ['make', 'train:\n\tpython fit.py || true\n'],
    ['make', 'train:\n\tpython fit.py; echo done\n'],
    ['python', 'import subprocess, sys\nsubprocess.run([sys.executable, "fit.py"])\nprint("done")\n'],
    ['python', 'from subprocess import call\ncall(["python", "fit.py"])\n'],
    ['python', 'import os\nos.system("python fit.py")\n'],
  ] as const)('a script for %s does: %j', (kind, text) => expect(swallowsExitCode(text, kind)).not.toBeNull());
  it.each([
    ['make', 'clean:\n\t-rm -rf build\ntrain:\n\tpython fit.py\n\techo done\n'],
    ['python', 'import subprocess\nsubprocess.run(["python", "fit.py"], check=True)\n'],
    ['python', 'import subprocess, sys\nsys.exit(subprocess.call(["python", "fit.py"]))\n'],
    ['python', 'import os\ncode = os.system("python fit.py")\nassert code == 0\n'],
    ['python', 'from app import run\nrun(3)\n'],
  ] as const)('a script for %s does not: %j', (kind, text) => expect(swallowsExitCode(text, kind)).toBeNull());
  it('a pipe in a script of the user’s does, without pipefail', () => {
    expect(pipesWithoutPipefail('python train.py | tee log\n')).toBe(true);
    expect(pipesWithoutPipefail('set -euo pipefail\npython train.py | tee log\n')).toBe(false);
  });
});
