import { describe, expect, it } from 'vitest';
import { launchCommandProblem } from '../../../domain/command/launch-command-rules.js';
import { flagNumber, withFlag } from '../../../domain/command/launch-flags.js';
import { readChange, setChange } from '../../../playbook/changes.js';
import type { Knob } from '../../../playbook/survey.js';

const KNOBS: Knob[] = [
  {
    id: 'flag:--decode-workers',
    role: 'stage_concurrency',
    stage: 'decode',
    pipeline: 0,
    where: { type: 'flag', flag: '--decode-workers' },
    value: 2,
    confidence: 'dataflow',
  },
  {
    id: 'config:cfg/train.yaml:/loader/Workers',
    role: 'stage_concurrency',
    stage: 'fetch',
    pipeline: 0,
    where: { type: 'config', file: 'cfg/train.yaml', pointer: '/loader/Workers' },
    value: 4,
    confidence: 'dataflow',
  },
  {
    id: 'code:loader.py:THREADS',
    role: 'num_threads',
    stage: null,
    pipeline: 0,
    where: { type: 'code', file: 'loader.py', line: 3 },
    value: 8,
    confidence: 'name',
  },
];

describe('changes', () => {
  it.each<[string, object]>([
    ['mtp', { type: 'mtp' }],
    ['cache_dataloader', { type: 'headspace' }],
    ['split_stage:Loader.load', { type: 'split_stage', stage: 'Loader.load' }],
    ['decode.concurrency=8', { type: 'set', knob: 'flag:--decode-workers', value: 8 }],
    ['--decode-workers=8', { type: 'set', knob: 'flag:--decode-workers', value: 8 }],
    ['decode concurrency=8', { type: 'set', knob: 'flag:--decode-workers', value: 8 }],
    ['num threads = 12', { type: 'set', knob: 'code:loader.py:THREADS', value: 12 }],
    ['num_threads = 12', { type: 'set', knob: 'code:loader.py:THREADS', value: 12 }],
    [
      'config:cfg/train.yaml:/loader/workers=6',
      { type: 'set', knob: 'config:cfg/train.yaml:/loader/Workers', value: 6 },
    ],
    ...KNOBS.map((knob): [string, object] => [setChange(knob, 16), { type: 'set', knob: knob.id, value: 16 }]),
  ])('%s', (text, action) => expect(readChange(text, { knobs: KNOBS })).toEqual({ type: 'action', action }));

  it('name a repair without changing anything', () => {
    expect(readChange('startup_retry_1', { knobs: KNOBS })).toEqual({ type: 'label' });
  });
  it.each([
    [
      'use a faster decoder',
      /does not understand .* KNOB=NUMBER \(\S+=8; the knobs are flag:--decode-workers, .* moves like/,
    ],
    ['resize.concurrency=4', /there is no knob "resize\.concurrency"; there are flag:--decode-workers/],
    ['decode.concurrency=many', /does not understand/],
  ])('%s is refused', (text, reason) => {
    expect(readChange(text, { knobs: KNOBS })).toEqual({ type: 'unknown', reason: expect.stringMatching(reason) });
  });
  it('is refused where it may mean two things', () => {
    const twins = [KNOBS[2]!, { ...KNOBS[2]!, id: 'flag:--threads' }];
    expect(readChange('num_threads=4', { knobs: twins })).toMatchObject({
      type: 'unknown',
      reason: expect.stringContaining('may mean'),
    });
  });
});

describe('a flag', () => {
  it.each([
    ['python train.py --num-threads 4 --lr -0.1', 'python train.py --num-threads 8 --lr -0.1'],
    ['python train.py --num_threads=4', 'python train.py --num_threads=8'],
    ['python train.py --num-threads "4" > log', 'python train.py --num-threads 8 > log'],
    ['python train.py', 'python train.py --num-threads 8'],
    ['python -u train.py data --lr 1', 'python -u train.py data --num-threads 8 --lr 1'],
    ['python train.py --lr 1 2>&1 | tee log', 'python train.py --num-threads 8 --lr 1 2>&1 | tee log'],
    ['python train.py | tee log', 'python train.py --num-threads 8 | tee log'],
    [
      'docker run --rm $IMAGE python train.py --num-threads-max 3',
      'docker run --rm $IMAGE python train.py --num-threads 8 --num-threads-max 3',
    ],
  ])('%s', (before, after) => {
    expect(withFlag(before, '--num-threads', 8, 'train.py')).toBe(after);
    expect(flagNumber(after, '--num_threads')).toBe(8);
  });
  it('keeps to the launch command that the engine accepts', () => {
    const base = 'python -u train.py data --lr 1 --set data.workers=2';
    expect(launchCommandProblem(withFlag(base, '--num-threads', 8, 'train.py'), base)).toBeNull();
    expect(launchCommandProblem(withFlag(base, 'data.workers', 8, 'train.py'), base)).toBeNull();
  });
  it.each([
    ['python train.py', null],
    ['python train.py --n=4 --n 6', 6],
    ['python train.py --n -3', -3],
    ['python train.py --n --m 2', null],
  ])('%s has the number %s', (command, value) => expect(flagNumber(command, '--n')).toBe(value));
  it.each([
    ['python train.py c.py --cfg-options data.workers=2', 'python train.py c.py --cfg-options data.workers=8'],
    [
      'python train.py "data.workers=2" a.data.workers=3 | tee x',
      'python train.py "data.workers=8" a.data.workers=3 | tee x',
    ],
    ['python train.py ++data.workers=2 data.workers_max=3', 'python train.py ++data.workers=8 data.workers_max=3'],
    ['python train.py data.workers=1 data.workers=2 > log', 'python train.py data.workers=8 data.workers=8 > log'],
  ])('that is a key of a configuration: %s', (before, after) => {
    expect(withFlag(before, 'data.workers', 8, 'train.py')).toBe(after);
    expect([flagNumber(before, 'data.workers'), flagNumber(after, 'data.workers')]).toEqual([2, 8]);
  });
});
