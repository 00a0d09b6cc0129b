/** Each move by itself, and piles of them, in every pipeline of test/fixtures/moves: run for real, by the items. */
import { expect, it } from 'vitest';
import { triedMoves, wrong } from './tried-moves.js';

it('trains on the same items after each move that is possible', async () => {
  const tried = await triedMoves('all');
  expect(wrong(tried)).toEqual([]);
  const moves = Object.values(tried).flatMap((script) => script.moves);
  const made = new Set(moves.filter(({ ran }) => ran !== undefined).map(({ move }) => move));
  const named = new Set(moves.map(({ move }) => move));
  // NVDEC needs a GPU: its rewrites are made and compiled, and not run.
  expect([...named].filter((move) => !made.has(move))).toEqual(['nvdec']);
}, 900_000);
