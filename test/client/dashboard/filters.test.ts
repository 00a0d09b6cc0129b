import { expect, it } from 'vitest';
import { isShown, looksLike, NO_FILTER } from '../../../client/dashboard/page/filters.js';
import type { BoardRow } from '../../../domain/board/board-types.js';

const row = (kind: string, look: BoardRow['look']) => ({ nodeId: `000_${kind}`, kind, look, status: look }) as BoardRow;

it('counts what was tried for a gain among what is not better, and not what it is measured by', () => {
  const asked = { ...NO_FILTER, looks: new Set(['no_gain'] as const) };
  const rows = [row('baseline', 'no_gain'), row('headspace', 'no_gain'), row('follow_up', 'no_gain')];
  expect(rows.filter((each) => isShown(asked, each)).map(({ kind }) => kind)).toEqual(['follow_up']);
  expect(rows.map((each) => looksLike(each, 'no_gain'))).toEqual([false, false, true]);
});

it('shows a baseline that failed or runs among what fails or runs', () => {
  expect(looksLike(row('baseline', 'failed'), 'failed')).toBe(true);
  expect(looksLike(row('baseline', 'running'), 'running')).toBe(true);
});
