/** Changes that can be made on another's code as well. */
import { describe, expect, it } from 'vitest';
import { overlap, ownChanges, subjectOf } from '../../../domain/proposals/stacked-changes.js';

describe('what a change turns', () => {
  it.each([
    ['decode.concurrency=8', 'decode.concurrency'],
    ['--num-threads=16', '--num-threads'],
    ['own_executor:decode workers=8', 'move decode'],
    ['mtp', 'move '],
    ['reads the files in larger blocks', null],
    ['--mode=fast', null],
    ['removed --pin-memory', null],
  ])('%s: %s', (change, subject) => {
    expect(subjectOf(change)).toBe(subject);
  });
});

describe('two changes', () => {
  it.each([
    ['decode.concurrency=8', 'fetch.concurrency=4', false],
    ['decode.concurrency=8', 'decode.concurrency=4', true],
    ['decode.concurrency=8', 'split_stage:decode', true],
    ['fetch.concurrency=8', 'split_stage:decode', false],
    ['own_executor:decode', 'split_stage:decode', true],
    ['mtp', 'arena', true],
    ['mtp', 'decode.concurrency=8', false],
    ['decode.concurrency=8', 'rewrites the decoder', true],
  ])('%s and %s are in each other’s way: %s', (a, b, expected) => {
    expect([overlap(a, b), overlap(b, a)]).toEqual([expected, expected]);
  });
});

describe('what an experiment changes of the one it was made of', () => {
  it('is not what it inherits', () => {
    expect(ownChanges(['--threads=8', 'decode.concurrency=4'], ['--threads=8', 'mtp'])).toEqual([
      'decode.concurrency=4',
    ]);
  });

  it.each([
    ['nothing', ['--threads=8'], ['--threads=8']],
    ['a flag that it takes back', ['decode.concurrency=4'], ['--threads=8']],
    ['what its text does not say', ['a faster decoder'], []],
  ])('is not told of %s', (_, own, parent) => {
    expect(ownChanges(own, parent)).toBeNull();
  });
});
