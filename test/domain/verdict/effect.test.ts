/** A change that did not reach the pipelines that the job built is no try of what it names. */
import { describe, expect, it } from 'vitest';
import { withoutEffect } from '../../../domain/verdict/effect.js';

const built = (threads: number, concurrency: number, pipeline = 0) => ({
  pipeline,
  threads,
  settings: [
    { stage: 'read', setting: 'concurrency' as const, value: concurrency },
    { stage: 'sink', setting: 'buffer' as const, value: 3 },
  ],
});
const before = { built: [built(2, 2)] };

describe('a change without effect', () => {
  it.each([
    ['a default that a configuration overrides', ['code:src/data.py:LoaderConfig.workers=8']],
    ['a leaf that nobody reads', ['config:conf/base.yaml:/val/workers=8']],
    ['a flag that the file wins over', ['--num-workers=8']],
    ['two of them', ['--num-threads=8', '--buffer-size=9']],
  ])('is said to have had none: %s', (_name, changes) => {
    expect(withoutEffect(changes, { built: [built(2, 2)] }, before)).toMatch(/^the change had no effect: /);
  });

  it('is the same however often the same pipeline was built anew', () => {
    const epochs = { built: [built(2, 2, 0), built(2, 2, 1), built(2, 2, 2)] };
    expect(withoutEffect(['--num-workers=8'], epochs, before)).not.toBeNull();
  });

  it.each([
    ['the concurrency became another', ['--num-workers=8'], { built: [built(2, 8)] }],
    ['the pool became another', ['--num-threads=8'], { built: [built(8, 2)] }],
    ['what it changes cannot be seen in a pipeline', ['--learning-rate=8'], { built: [built(2, 2)] }],
    ['it changes the code as well', ['mtp', '--num-workers=8'], { built: [built(2, 2)] }],
    ['the probe saw no pipeline', ['--num-workers=8'], {}],
    ['the size of its batches is not known', ['--batch-size=8'], { built: [built(2, 2)] }],
  ])('is not claimed where %s', (_name, changes, own) => {
    expect(withoutEffect(changes, own, before)).toBeNull();
  });

  it('of a batch size is claimed where the sink gives batches of the size of before', () => {
    const sized = (batchSize: number) => ({ built: [built(2, 2)], delivered: { itemsPerS: 9, batchSize } });
    expect(withoutEffect(['--batch-size=8'], sized(4), sized(4))).not.toBeNull();
    expect(withoutEffect(['--batch-size=8'], sized(8), sized(4))).toBeNull();
  });
});
