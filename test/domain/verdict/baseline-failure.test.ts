import { describe, expect, it } from 'vitest';
import { whyNothing } from '../../../domain/reports/caveats/why-nothing.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { failure } from '../../../domain/run/failure.js';
import { describeLimit } from '../../../domain/schedule/budget.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import { consequencesOf } from '../../../domain/verdict/consequences.js';
import { Story } from '../run-story.js';

const LAST = { last_lines: '/usr/bin/python: No module named mytrainn', last_lines_of: 'local_jobs/j/stderr.log' };
const died = failure('job_failed', 'the job ended with exit code 1: No module named mytrainn', 0, { details: LAST });

function afterBaseline(needsBaseline: boolean) {
  const story = new Story({ maxConcurrency: 1 });
  story.setUp();
  if (needsBaseline) story.state.needsBaseline = true;
  story.tell(
    { type: 'experiment_preparing', nodeId: '000_baseline' },
    { type: 'experiment_prepared', nodeId: '000_baseline', commit: 'c1' },
    { type: 'experiment_preparing', nodeId: '000_headspace' },
    { type: 'experiment_prepared', nodeId: '000_headspace', commit: 'c2' },
    { type: 'experiment_failed', nodeId: '000_baseline', failure: died },
  );
  return story;
}

describe('after a failed baseline', () => {
  it('nothing else is launched or prepared, and the run ends with what failed', () => {
    const { state } = afterBaseline(true);
    expect(nextMove(state, 3)).toBeNull();
    expect(limitReached(state, 0, 3)).toBe('baseline_failed');
    expect(describeLimit(state, 'baseline_failed')).toMatch(
      /^the baseline failed \(job_failed\): .*No module named mytrainn\. /,
    );
  });

  it('nothing is repaired', () => {
    const story = afterBaseline(true);
    const broken = failure('job_startup_failed', 'x', 0);
    story.tell({ type: 'experiment_failed', nodeId: '001_mtp', failure: broken });
    expect(consequencesOf(story.state, '001_mtp')).toEqual([]);
  });

  it('the end tells the last lines of its output and their file', () => {
    const story = afterBaseline(true);
    story.tell({ type: 'stopped', reason: 'baseline_failed', detail: 'x' });
    expect(whyNothing(story.state, runFacts(story.state))).toEqual([
      'the last lines of local_jobs/j/stderr.log:',
      `  ${LAST.last_lines}`,
    ]);
  });

  it('a run from before this rule goes on', () => {
    expect(nextMove(afterBaseline(false).state, 3)).toMatchObject({ do: 'grant', nodeId: '000_headspace' });
  });
});
