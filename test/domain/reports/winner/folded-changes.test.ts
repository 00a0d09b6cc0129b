/** A stack of changes is told by what it comes to. */
import { expect, it } from 'vitest';
import { foldedChanges } from '../../../../domain/reports/winner/folded-changes.js';

it.each<[string, string[], string[]]>([
  [
    'what is turned again is told once, of the later one',
    ['a 3 → 27, b 8 → 16', 'a 27 → 54'],
    ['b 8 → 16', 'a 3 → 54'],
  ],
  [
    'over several steps',
    ['subprocess MTP', 'a 3 → 27', 'a 27 → 54', 'a 54 → 64, b 8 → 32'],
    ['subprocess MTP', '', '', 'a 3 → 64, b 8 → 32'],
  ],
  ['what goes on from elsewhere is left alone', ['a 3 → 27', 'a 3 → 9'], ['a 3 → 27', 'a 3 → 9']],
  [
    'sentences stay',
    ['Decode 3, not 2, at a time', 'Threads: more, 8 → 16'],
    ['Decode 3, not 2, at a time', 'Threads: more, 8 → 16'],
  ],
  [
    'of alike names each is its own',
    ['load concurrency 1 → 2', 'concurrency 2 → 4'],
    ['load concurrency 1 → 2', 'concurrency 2 → 4'],
  ],
])('%s', (_, stack, told) => {
  expect(foldedChanges(stack)).toEqual(told);
});
