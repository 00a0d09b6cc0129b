/** What a winner is made of: its own change and those of all that it stands on. */
import { expect, it } from 'vitest';
import { changesOf } from '../../../client/run/run-outcome.js';
import { Story } from '../../domain/run-story.js';

const BATCH = { changeSet: ['--batch-size=64'] };
const LOAD = 'code:train.py:make_pipeline.load.concurrency=14';

it.each([
  ['flags alone, which its command has still', BATCH, { changeSet: ['--batch-size=64', LOAD] }, ['002', '003']],
  ['flags alone, which its command has not', BATCH, { changeSet: [LOAD] }, ['003']],
  ['code, which it does not start from', {}, { changeSet: [LOAD] }, ['003']],
  ['code, from whose commit it starts', {}, { changeSet: [LOAD], startCommit: 'c_002' }, ['002', '003']],
])('of one under a parent that changed %s', (_, parent, child, expected) => {
  const story = new Story().setUp().completed('000_baseline', 100);
  story.add('002', parent).completed('002', 110);
  story.add('003', { parentId: '002', ...child }).completed('003', 120);
  expect(changesOf(story.state, '003').map(({ nodeId }) => nodeId)).toEqual(expected);
});
