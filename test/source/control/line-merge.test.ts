import { describe, expect, it } from 'vitest';
import { mergeLines } from '../../../source/control/line-merge.js';

const text = (letters: string) => [...letters].map((letter) => `${letter}\n`).join('');
const merged = (base: string, ours: string, theirs: string) => {
  const found = mergeLines(text(base), text(ours), text(theirs));
  return found === null ? null : found.replaceAll('\n', '');
};

describe('lines that are taken out again', () => {
  it.each([
    // base with the timing block T…, ours without it, theirs with a change, what is left
    ['abTUVcd', 'abcd', 'abXTUVcd', 'abXcd'],
    ['abTUVcd', 'abcd', 'abTUVXcd', 'abXcd'],
    ['abTUVcd', 'abcd', 'aBTUVcd', 'aBcd'],
    ['abTUVcd', 'abcd', 'abTUVCd', 'abCd'],
    ['abTUVcd', 'abcd', 'abTUVcd', 'abcd'],
    ['abTUVcd', 'abcd', 'XabTUVcdY', 'XabcdY'],
    // The same change on both sides.
    ['abTcd', 'abcd', 'abcd', 'abcd'],
    // A change of timed lines beside the block, which ours has changed back: nothing is guessed.
    ['abTUVcd', 'abcd', 'abTXVcd', null],
    ['abTUVcd', 'abcd', 'abTXUVcd', null],
    ['abTUVcd', 'abcd', 'aTUVcd', 'acd'],
    ['abcd', 'abXcd', 'abYcd', null],
  ])('%s, without: %s, changed: %s', (base, ours, theirs, left) => {
    expect(merged(base, ours, theirs)).toBe(left);
  });

  it('finds the place of an insertion whose lines repeat those beside it', () => {
    // "-" is a blank line: that the helper X stands in front of the block can be said in two ways.
    expect(merged('a-TU-b', 'a-b', 'a-X-TU-b')).toBe('a-X-b');
    expect(merged('a--TU--b', 'a--b', 'a--X--TU--b')).toBe('a--X--b');
    expect(merged('a-TU-b', 'a-b', 'a-TU-X-b')).toBe('a-X-b');
  });

  it('keeps a last line without an end', () => {
    expect(mergeLines('a\nT\nb', 'a\nb', 'a\nT\nc')).toBe('a\nc');
  });

  it('gives ours where theirs changed nothing, and theirs where ours did', () => {
    expect(mergeLines('a\nb\n', 'a\nc\n', 'a\nb\n')).toBe('a\nc\n');
    expect(mergeLines('a\nb\n', 'a\nb\n', 'x\na\nb\n')).toBe('x\na\nb\n');
  });
});
