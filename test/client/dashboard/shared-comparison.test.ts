/** A shared page compares two experiments without a server: as the server does, of every two. */
import { expect, it } from 'vitest';
import { sharedComparison } from '../../../client/dashboard/page/source/shared-comparison.js';
import { applyToBoard, newBoardRecord } from '../../../domain/board/board-record.js';
import { comparison, experimentPage } from '../../../domain/board/experiment-page.js';
import { syntheticRun } from '../../support/run-events.js';

it('says of every two what the server says', () => {
  const board = newBoardRecord();
  const { events } = syntheticRun({ followUps: 14, open: 2, failuresOfTen: 3, gpu: true, seed: 11 });
  for (const event of events) applyToBoard(board, event);
  const ids = Object.keys(board.state.experiments);
  const pages = ids.map((nodeId) => experimentPage(board, nodeId, { spec: null, evidence: null }));
  let changes = 0;
  for (const one of pages) {
    for (const other of pages) {
      const table = sharedComparison(one, other);
      expect(table).toEqual(comparison(board, one.nodeId, other.nodeId));
      changes += table.rows.filter(({ cells }) => cells[1]!.change !== '').length;
    }
  }
  expect(changes).toBeGreaterThan(500);
});
