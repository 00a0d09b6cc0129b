import { describe, expect, it } from 'vitest';
import { delivery } from '../../../domain/evidence/delivery.js';
import type { QueueSample } from '../../../domain/evidence/stage-samples.js';

/** A row a second. */
function rows(items: number[], more: Partial<QueueSample> = {}): QueueSample[] {
  const row = { name: 'pipeline:0:2:sink[1]', elapsedS: 1, putS: 0, getS: 0, occupationRate: 0.5, isSink: true };
  return items.map((numItems, i) => ({ ...row, timeS: 100 + i, numItems, batchSize: null, ...more }));
}

describe('what a sink gave', () => {
  it.each<[string, QueueSample[][], number | null]>([
    ['in whole intervals, without the first and the last', [rows([3, 10, 10, 10, 10, 1])], 10],
    ['not while the loop took nothing', [rows([0, 0, 2, 10, 10, 0, 0, 0, 10, 1])], 10],
    ['after a slow start', [rows([1, 2, 10, 10, 10, 10, 10])], 10],
    ['of the busiest of several', [[...rows([5, 5, 5, 5, 5]), ...rows([9, 9, 9, 9, 9], { name: 'other' })]], 9],
    ['of one process of several', [rows([5, 5, 5, 5, 5]), rows([6, 6, 6, 6, 6])], 6],
    ['is not known of too short a time', [rows([20, 20, 20, 20])], null],
    ['is not known of too few items', [rows([1, 1, 1, 1, 1, 1])], null],
    ['is not told by other stages', [rows([9, 9, 9, 9, 9, 9], { isSink: false })], null],
  ])('%s', (_, processes, itemsPerS) => {
    expect(delivery(processes)?.itemsPerS ?? null).toBe(itemsPerS);
  });

  it('in samples, where its items show them', () => {
    const sizes = [16, 16, 16, 8, 16];
    const samples = sizes.flatMap((batchSize, timeS) => rows([10], { batchSize, timeS }));
    expect(delivery([samples])).toEqual({ itemsPerS: 10, batchSize: 14.4 });
    expect(delivery([rows([9, 9, 9, 9, 9])])).toMatchObject({ batchSize: null });
  });
});
