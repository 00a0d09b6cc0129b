import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pythonCandidates, targetPython } from '../../source/target-python.js';
import { temporaryFolder, write } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

let source: string;
beforeEach(() => {
  source = temporaryFolder();
});
afterEach(() => removeFolder(source));

describe('finds the interpreter in the launch command', () => {
  const cases: [string, string][] = [
    ['python train.py', 'python'],
    ['python3.11 -m pkg.train', 'python3.11'],
    ['/opt/env/bin/python3 train.py', '/opt/env/bin/python3'],
    ['A=1 B="x y" .venv/bin/python train.py', 'SOURCE/.venv/bin/python'],
    ['env CUDA_VISIBLE_DEVICES=0 ./bin/python train.py', 'SOURCE/bin/python'],
    ['cd sub && python3 train.py --python-like x', 'python3'],
    ["bash -c 'source x; python3 train.py'", 'python3'],
    ['numactl -N 0 \\\n  python3 train.py', 'python3'],
    ['~/env/bin/python train.py', `${homedir()}/env/bin/python`],
    ['python-config; python3 x.py', 'python3'],
  ];
  it.each(cases)('%s', (command, expected) => {
    expect(pythonCandidates(command, source)[0]).toBe(expected.replace('SOURCE', source));
  });

  it('beside torchrun, and in the project of uv', () => {
    write(source, { '.venv/bin/python': '', '.venv/bin/torchrun': '' });
    expect(pythonCandidates('.venv/bin/torchrun --nproc 2 train.py', source)).toEqual([
      join(source, '.venv/bin/python'),
    ]);
    expect(pythonCandidates('uv run train.py', source)).toEqual([join(source, '.venv/bin/python')]);
    expect(pythonCandidates('./train.sh', source)).toEqual([]);
  });
});

const config = (base_launch_command: string, python = '') => ({ base_launch_command, python, source_dir: source });

it('returns the absolute path of an interpreter that runs', async () => {
  const real = execFileSync('python3', ['-I', '-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  expect(await targetPython(config('python3 train.py'))).toBe(real);
  expect(await targetPython(config('docker run x /only/in/image/python train.py'))).toBe(real);
  expect(await targetPython(config('echo', 'python3'))).toBe(real);
});

it('keeps a virtual environment its own', async () => {
  execFileSync('python3', ['-m', 'venv', '--without-pip', join(source, '.venv')]);
  expect(await targetPython(config('.venv/bin/python train.py'))).toBe(join(source, '.venv/bin/python'));
  expect(await targetPython(config('x', '.venv/bin/python'))).toBe(join(source, '.venv/bin/python'));
});

it('names the field when the interpreter does not run, and tries again later', async () => {
  await expect(targetPython(config('x', 'bin/mypy'))).rejects.toThrow(/python "bin\/mypy" is not a Python .*not found/);
  write(source, { 'bin/mypy': '#!/bin/sh\necho broken >&2\nexit 1\n' });
  chmodSync(join(source, 'bin/mypy'), 0o755);
  await expect(targetPython(config('x', 'bin/mypy'))).rejects.toThrow(/broken/);
  rmSync(join(source, 'bin/mypy'));
  write(source, { 'bin/mypy': '#!/bin/sh\nexec python3 "$@"\n' });
  chmodSync(join(source, 'bin/mypy'), 0o755);
  expect(await targetPython(config('x', 'bin/mypy'))).toMatch(/python3/);
});
