/**
 * An experiment whose work another has done: no failure, in no text and no count, and it tells nothing of what there is
 * to gain.
 */
import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../client/run/progress.js';
import { outcomeOf } from '../../../domain/charts/outcome.js';
import { treeSvg } from '../../../domain/charts/tree-svg.js';
import { duplicateOf } from '../../../domain/proposals/change-set.js';
import { statusView } from '../../../domain/protocol/views.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import { rowOf, tallyShown } from '../../../domain/run/engine-state.js';
import { type Failure, failure } from '../../../domain/run/failure.js';
import { plateauCount } from '../../../domain/schedule/planning.js';
import { syntheticConfig } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

const copied = (details: Failure['details']) =>
  failure('duplicate_work', 'its code is that of 002_one', 0, { details });
const COPIED = copied({ copy_of: '002_one', is_no_try: true });

function story(record = COPIED): Story {
  const told = new Story().setUp().seedsDone().planned(1, ['002_one']).completed('002_one', 90);
  return told.planned(2, ['003_same']).tell({ type: 'experiment_failed', nodeId: '003_same', failure: record });
}

describe('a duplicate', () => {
  it('is counted apart from what failed', () => {
    const { state } = story();
    expect(tallyShown(state)).toMatchObject({ completed: 4, failed: 0, duplicates: 1 });
    expect(statusView(state).counts).toMatchObject({ total: 5, failed: 0, duplicates: 1 });
  });

  it('looks like one in line, table, tree and reports', () => {
    const { state, events } = story();
    const record = recordOf(events);
    expect(progressLine(state, events.at(-1)!)).toBe('003_same: duplicate of 002_one, whose numbers stand for it');
    expect(outcomeOf(rowOf(state, '003_same'), new Set(), { isDoubted: false })).toBe('no_gain');
    expect(treeSvg(record)).toContain('duplicate of 002_one');
    const summary = summaryReport(record);
    expect(summary).toContain('4 completed, 1 duplicate, 0 open');
    expect(summary).toMatch(/\| 003_same +\| duplicate of 002_one/);
    expect(summary).not.toContain('## Failures');
    const report = runReport(record, new Map(), syntheticConfig());
    expect(report).toContain('4 completed, 1 duplicate.');
    expect(report).not.toContain('## What failed');
  });

  it('is no round without a gain; in runs from before that rule it stays one', () => {
    expect(plateauCount(story().state)).toBe(1);
    expect(plateauCount(story(copied({ copy_of: '002_one' })).state)).toBe(2);
  });

  it('is not proposed again while the work that it copies stands', () => {
    const { state } = story();
    expect(duplicateOf(state, { startCommit: null, changeSet: ['003_same'] })).toBe('002_one');
    const cause = failure('job_failed', 'it broke', 0);
    rowOf(state, '002_one').state = { ...rowOf(story().state, '003_same').state, failure: cause } as never;
    expect(duplicateOf(state, { startCommit: null, changeSet: ['003_same'] })).toBeNull();
  });
});
