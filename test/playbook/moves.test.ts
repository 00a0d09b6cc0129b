/**
 * Which moves the analyser allows in pipelines that are built differently, and that piles of them train on the same
 * items. Each move by itself: moves-table.test.ts, which takes minutes.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFile } from '../../host/package-files.js';
import { triedMoves, wrong } from './tried-moves.js';

it('allows, and refuses with a reason, as before', async () => {
  const tried = await triedMoves('none');
  const table = Object.entries(tried).map(([script, { moves }]) =>
    [
      `## ${script}`,
      ...moves.map(
        ({ move, stage = '', possible, reason }) => `${`${move} ${stage}`.trim()}: ${possible ? 'yes' : reason}`,
      ),
    ].join('\n'),
  );
  expect(table.length).toBeGreaterThanOrEqual(12);
  const kept = join(packageFile('test', 'fixtures', 'moves'), 'possible-moves.txt');
  await expect(`${table.join('\n\n')}\n`).toMatchFileSnapshot(kept);
}, 60_000);

it('keeps the items of a job, whatever moves are piled up', async () => {
  const tried = await triedMoves('pile', ['chain_flags.py', 'config_list.py', 'several_of_one.py', 'spawned.py']);
  expect(wrong(tried)).toEqual([]);
  const piles = Object.values(tried).map(({ moves }) => moves.at(-1)!);
  expect(piles.every(({ move, stage }) => move === 'pile' && stage!.split(', ').length > 4)).toBe(true);
}, 120_000);

it('splits stages that have executors of their own, and keeps what these are for', async () => {
  const tried = await triedMoves('split_stage', ['split_executors.py']);
  expect(wrong(tried)).toEqual([]);
  const ran = tried['split_executors.py']!.moves.filter((each) => each.ran !== undefined);
  expect(ran.map(({ stage }) => stage)).toEqual(['load', 'look_up', 'check', 'signs', 'paint']);
}, 60_000);
