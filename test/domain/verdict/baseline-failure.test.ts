import { describe, expect, it } from 'vitest';
import { whyNothing } from '../../../domain/reports/caveats/why-nothing.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { SEEDS } from '../../../domain/run/experiment-record.js';
import { failure } from '../../../domain/run/failure.js';
import { describeLimit } from '../../../domain/schedule/budget.js';
import { limitReached, nextMove } from '../../../domain/schedule/planned-moves.js';
import { consequencesOf, dueEvents } from '../../../domain/verdict/consequences.js';
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

const ended = failure('cancelled', 'the job was cancelled (Slurm: CANCELLED)', 0);

describe('where the baseline has no number, however that came', () => {
  const rules = { minImprovement: 0.01, calibrationRuns: 0, confirmRuns: 0, verifyRuns: 0 };
  const ends: [string, (story: Story) => unknown, RegExp][] = [
    [
      'a cancelled job',
      (story) => story.tell({ type: 'experiment_cancelled', nodeId: '000_baseline', failure: ended }),
      /^the baseline was not measured: the job was cancelled \(Slurm: CANCELLED\)\. .*docs\/refusals\.md\.$/,
    ],
    [
      'one that a person removed',
      (story) => story.tell({ type: 'experiment_removed', nodeId: '000_baseline' }),
      /^the baseline was not measured: a person removed it from the queue\. /,
    ],
    ['one that was pre-empted for good', (story) => story.failed('000_baseline', 'job_preempted'), /\(job_preempted\)/],
    [
      'one that fails and could be repaired',
      (story) => story.failed('000_baseline', 'job_startup_failed'),
      /\(job_startup_failed\)/,
    ],
  ];

  function beside(confirmRuns: number, isOld = false) {
    const story = new Story({ maxConcurrency: 3 });
    story.setUp([], { ...rules, confirmRuns }, true);
    if (!isOld) story.state.needsMeasuredBaseline = true;
    story.state.repair = { retries: 2, experiments: ['mtp', 'baseline'] };
    return story.completed('001_mtp', 90);
  }

  for (const [how, end, says] of ends) {
    it(`${how} ends the run, and says why`, () => {
      const story = beside(0);
      end(story);
      expect(nextMove(story.state, 3)).toBeNull();
      expect(limitReached(story.state, 0, 3)).toBe('baseline_failed');
      expect(describeLimit(story.state, 'baseline_failed')).toMatch(says);
      if (story.state.experiments['000_baseline']) expect(consequencesOf(story.state, '000_baseline')).toEqual([]);
    });

    it(`${how} leaves nothing best, whatever ended before or ends later`, () => {
      const story = beside(0).tell({ type: 'best_changed', nodeId: '001_mtp' });
      end(story);
      expect(story.state.best).toBeNull();
      story.completed('000_headspace', 500).add('002_a').completed('002_a', 200);
      expect(consequencesOf(story.state, '002_a')).toEqual([]);
      expect(story.state.best).toBeNull();
    });

    it(`${how} leaves nothing to confirm`, () => {
      const story = beside(2);
      end(story);
      story.completed('000_headspace', 500).tell({ type: 'stop_requested', mode: 'drain' });
      expect(dueEvents(story.state)).toEqual([]);
    });
  }

  it('a run from before this rule goes on after one that was cancelled', () => {
    const story = beside(0, true).tell({ type: 'experiment_cancelled', nodeId: '000_baseline', failure: ended });
    expect(limitReached(story.state, 0, 3)).toBeNull();
  });

  it('one that is still to come ends nothing', () => {
    expect(limitReached(beside(0).state, 0, 3)).toBeNull();
    const story = new Story().tell({ type: 'experiment_added', experiment: { ...SEEDS[0]!, changeSet: [] } });
    expect(limitReached(story.state, 0, 3)).toBeNull();
  });
});
