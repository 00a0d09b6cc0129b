/** What an experiment does to the work of a job: by moves, names of settings, its planner; in doubt other work. */
import { describe, expect, it } from 'vitest';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { effectOf, effectProblem } from '../../../domain/proposals/work-effect.js';

const BASE = 'python train.py --num-threads 8 --frames 16';
const spec = (more: object) => SpecSchema.parse({ name: 'x', ...more });
const ofFlag = (flags: string) => effectOf(spec({ launch_command: `${BASE} ${flags}` }), BASE).work;
const ofChange = (change: string) => effectOf(spec({ changes: [change] }), BASE).work;

describe('the effect on the work', () => {
  it.each([
    '--num-workers 8',
    '--decode-concurrency 4',
    '--buffer-size 10',
    '--prefetch 3',
    '--queue-size 64',
    '--cache-size 100',
    '--pin-memory',
    '--gc-interval 50',
    '--prefetch-size 4',
    '--prefetch_items 16',
    '--log-every-n-steps 10',
  ])('is none of %s', (flags) => expect(ofFlag(flags)).toBe('same_work'));

  it.each(['--batch-size 64', '--batch_size 8'])('is other batches of %s', (flags) =>
    expect(ofFlag(flags)).toBe('other_batches'),
  );

  it.each([
    '--clip-duration 2',
    '--resolution 112',
    '--max-samples 1000',
    '--limit 5',
    '--epochs 1',
    '--crop-size 96',
    '--amp',
    '--compile',
    '--dtype bf16',
    '--lr 0.1',
    '--zeta 3',
    '--steps 10',
    '--pooling avg',
    '--num-batches 10',
  ])('is other work of %s', (flags) => expect(ofFlag(flags)).toBe('other_work'));

  it.each<[string, string]>([
    ['mtp', 'same_work'],
    ['own_executor:decode workers=8', 'same_work'],
    ['output_order:decode', 'other_batches'],
    ['decode.concurrency=8', 'same_work'],
    ['code:train.py:Config.num_frames=4', 'other_work'],
    ['config:cfg.yaml:/data/workers=4', 'same_work'],
    ['train.py:Config.anything=4', 'other_work'],
    ['use torch.compile on the model', 'other_work'],
    ['read files with larger chunks', 'same_work'],
    ['copy to the GPU on a stream of its own while the model computes', 'same_work'],
    ['train in mixed precision', 'other_work'],
  ])('of the change %s is %s', (change, work) => expect(ofChange(change)).toBe(work));

  it.each(['decode_ahead=4', 'code:train.py:decode_ahead=4', '++data.decode_ahead=4'])(
    'is other work of %s, where that is a length of items',
    (change) => {
      const lengths = new Set(['decode_ahead', 'code:train.py:decode_ahead']);
      expect(effectOf(spec({ changes: [change] }), BASE, { lengths, loading: lengths }).work).toBe('other_work');
      expect(ofChange(change)).toBe('same_work');
    },
  );

  it('is other work where a number that was there is lowered or taken away', () => {
    expect(effectOf(spec({ launch_command: 'python train.py --num-threads 8 --frames 8' }), BASE).work).toBe(
      'other_work',
    );
    expect(effectOf(spec({ launch_command: 'python train.py --num-threads 8' }), BASE).work).toBe('other_work');
  });

  it.each<[string, string]>([
    ['loader.batch_size=64', 'other_batches'],
    ['++loader.batch_size=64', 'other_batches'],
    ['--name x loader.num_workers=4', 'other_work'],
    ['loader.num_workers=4', 'same_work'],
    ['+loader.prefetch=4', 'same_work'],
    ['~loader.prefetch', 'same_work'],
    ['data.clip_seconds=2', 'other_work'],
    ['model.hidden=64', 'other_work'],
    ['loader=fast', 'other_work'],
  ])('of the override %s is %s', (override, work) => expect(ofFlag(override)).toBe(work));

  const trained = (flags: string, base: string, more: object = {}) =>
    effectOf(spec({ launch_command: `python train.py ${flags}` }), `python train.py ${base}`, more).work;

  it.each<[string, string, string]>([
    ['--batch-size 64 --steps 10', '--batch-size 32 --steps 20', 'other_batches'],
    ['--batch_size=16 --max_steps=40', '--batch-size 32 --max-steps 20', 'other_batches'],
    ['loader.batch_size=64 trainer.max_steps=10', 'loader.batch_size=32 trainer.max_steps=20', 'other_batches'],
    ['--opts LOADER.BATCH_SIZE 64', '--opts LOADER.BATCH_SIZE 32', 'other_batches'],
    // The last batch is a part of one.
    ['--batch-size 48 --steps 14', '--batch-size 32 --steps 20', 'other_batches'],
    ['--batch-size 64 --steps 20', '--batch-size 32 --steps 20', 'other_batches'],
    ['--batch-size 64 --steps 5', '--batch-size 32 --steps 20', 'other_work'],
    ['--batch-size 32 --steps 10', '--batch-size 32 --steps 20', 'other_work'],
    ['--batch-size 64 --warmup-steps 10', '--batch-size 32 --warmup-steps 20', 'other_work'],
    ['--batch-size 64 --steps 10 --frames 8', '--batch-size 32 --steps 20 --frames 16', 'other_work'],
    ['--batch-size 64 --steps 10', '', 'other_work'],
  ])('of %s, where it was %s, is %s', (flags, base, work) => expect(trained(flags, base)).toBe(work));

  it('compares the items with what the code holds and the baseline has shown', () => {
    const before = { values: new Map([['flag:--batch-size', 32]]), batchSize: null, steps: 20 };
    expect(trained('--batch-size 64 --steps 10', '', { before: { ...before, batchSize: 32 } })).toBe('other_batches');
    expect(trained('--batch-size 64 --steps 40', '', { before: { ...before, batchSize: 32 } })).toBe('other_work');
    const inCode = spec({ changes: ['train.py:Config.batch_size=64', 'train.py:Config.num_steps=10'] });
    const values = new Map([['train.py:config.batch_size', 32]]);
    expect(effectOf(inCode, BASE, { before: { ...before, values } }).work).toBe('other_batches');
    expect(effectOf(inCode, BASE).work).toBe('other_work');
  });

  it('is what its planner says, what it stacks on, and what the survey knows', () => {
    expect(effectOf(spec({ changes: ['shorter clips'], work: 'other_work' }), BASE).work).toBe('other_work');
    expect(effectOf(spec({ changes: ['mtp'] }), BASE, { below: true }).work).toBe('other_work');
    const zeta = spec({ launch_command: `${BASE} --zeta 3` });
    expect(effectOf(zeta, BASE, { loading: new Set(['--zeta']) }).work).toBe('same_work');
  });
});

it.each<[object, object, RegExp | null]>([
  [{ changes: ['mtp'] }, { allow: [], scope: 'data' }, null],
  [{ changes: ['clip_seconds=2'] }, { allow: [], scope: 'data' }, /--allow other-work/],
  [{ changes: ['clip_seconds=2'] }, { allow: ['other-work'], scope: 'data' }, null],
  [{ changes: ['precision=16'] }, { allow: ['other-work'], scope: 'data' }, /--scope training/],
  [{ changes: ['precision=16'] }, { allow: ['other-work'], scope: 'training' }, null],
])('%j with %j', (more, rules, says) => {
  const problem = effectProblem(effectOf(spec(more), BASE), rules as { allow: string[]; scope: string });
  if (says === null) expect(problem).toBeNull();
  else expect(problem).toMatch(says);
});
