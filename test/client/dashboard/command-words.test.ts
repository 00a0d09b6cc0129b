/** Two experiments side by side: which words of their launch commands differ. */
import { expect, it } from 'vitest';
import { commandWords } from '../../../client/dashboard/page/experiment/command-words.js';

function marked(one: string, other: string): string[] {
  return commandWords(one, other).map((words) =>
    words.map(({ text, isOwn }) => (isOwn ? text.replace(/\S.*/s, '[$&]') : text)).join(''),
  );
}

it.each([
  ['python train.py', 'python train.py', 'python train.py', 'python train.py'],
  ['python t.py -j 4', 'python t.py -j 16', 'python t.py [-j 4]', 'python t.py [-j 16]'],
  [
    'python t.py --batch 16 --steps 9',
    'python t.py --threads 16 --batch 32 --steps 9',
    'python t.py [--batch 16] --steps 9',
    'python t.py [--threads 16] [--batch 32] --steps 9',
  ],
  ['python t.py \\\n  -j 4', 'python t.py -j 4', 'python t.py [\\]\n  -j 4', 'python t.py -j 4'],
  ['', 'python t.py', '', '[python] [t.py]'],
])('marks in %j and %j what the other does not have', (one, other, first, second) => {
  expect(marked(one, other)).toEqual([first, second]);
});
