import { describe, expect, it } from 'vitest';
import { outcomeOf } from '../../../domain/charts/outcome.js';
import { duplicateOf } from '../../../domain/proposals/change-set.js';
import { statusView } from '../../../domain/protocol/views.js';
import { runReport } from '../../../domain/reports/report-text.js';
import { summaryReport } from '../../../domain/reports/summary-text.js';
import { rowOf, tallyShown } from '../../../domain/run/engine-state.js';
import { failure } from '../../../domain/run/failure.js';
import { consequencesOf } from '../../../domain/verdict/consequences.js';
import { syntheticConfig } from '../../support/run-events.js';
import { recordOf } from '../../support/run-record.js';
import { Story } from '../run-story.js';

const PRUNED = failure('pruned', 'ended early after 130 steps', 0);

/** One experiment that broke, and one whose job was ended early. */
function story(): Story {
  const told = new Story().setUp(['concurrency_tuning']).seedsDone();
  told.planned(1, ['002_broken', '003_slow']).running('002_broken').failed('002_broken');
  rowOf(told.state, '003_slow').tags = ['concurrency_tuning'];
  return told.running('003_slow').tell({ type: 'experiment_failed', nodeId: '003_slow', failure: PRUNED });
}

describe('an experiment that was ended early', () => {
  it('is counted apart from those that failed', () => {
    const { state } = story();
    expect(tallyShown(state)).toEqual({ completed: 3, failed: 1, pruned: 1, duplicates: 0, cancelled: 0 });
    expect(statusView(state).counts).toMatchObject({ total: 5, completed: 3, failed: 1, pruned: 1 });
    expect(outcomeOf(rowOf(state, '002_broken'), new Set(), { isDoubted: false })).toBe('failed');
    expect(outcomeOf(rowOf(state, '003_slow'), new Set(), { isDoubted: false })).toBe('pruned');
  });

  it('was tried: its practice counts, it is not proposed again, and nothing follows from it', () => {
    const { state } = story();
    expect(state.practicesTried).toContain('concurrency_tuning');
    const again = (nodeId: string) => duplicateOf(state, { startCommit: null, changeSet: [nodeId] });
    expect(again('003_slow')).toBe('003_slow');
    expect(again('002_broken')).toBeNull();
    expect(consequencesOf(state, '003_slow')).toEqual([]);
    expect(state.best).toBe('000_baseline');
  });

  it('stands in reports with what was measured, and not among the failures', () => {
    const record = recordOf(story().events);
    const summary = summaryReport(record);
    expect(summary).toContain('3 completed, 1 failed, 1 ended early, 0 open');
    expect(summary).toContain('## Ended early\n\n- 003_slow: ended early after 130 steps\n');
    expect(summary).toMatch(/\| 003_slow +\| ended early +\|/);
    expect(summary.split('## Failures')[1]).not.toContain('003_slow');
    const report = runReport(record, new Map(), syntheticConfig());
    expect(report).toContain('3 completed, 1 failed, 1 ended early.');
    expect(report).toContain('## What was ended early\n\n- 003_slow: ended early after 130 steps\n');
    expect(report.split('## What failed')[1]!.split('##')[0]).not.toContain('003_slow');
  });
});
