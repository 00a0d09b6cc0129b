/** When results are measured again, what follows from it, and that nothing else of a run is disturbed by it. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { MOST_REPEATS } from '../../../domain/belief/improvement.js';
import { headspaceLeft, provenGain } from '../../../domain/belief/proven-gain.js';
import { typicalObjective } from '../../../domain/belief/value.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { headspaceSentence } from '../../../domain/reports/headline.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import { nextMove } from '../../../domain/schedule/planned-moves.js';
import { planningVerdict, plateauCount } from '../../../domain/schedule/planning.js';
import { ConfirmedStory } from '../confirmed-story.js';

describe('without rules for repeats (a log from before there were any)', () => {
  it('takes any better result at once', () => {
    const story = new ConfirmedStory().setUp();
    story.ends('000_baseline', 100).ends('000_headspace', 500).ends('001_mtp', 101);
    expect([story.state.best, story.open()]).toEqual(['001_mtp', []]);
  });
});

describe('calibration', () => {
  it('repeats the commit of the baseline after its first run, and plans only then', () => {
    const story = new ConfirmedStory().setUp([], DEFAULT_CONFIRMATION);
    story.ends('000_baseline', 100);
    expect(story.open('calibration')).toEqual(['000_baseline_repeat_1', '000_baseline_repeat_2']);
    expect(rowOf(story.state, '000_baseline_repeat_1')).toMatchObject({
      kind: 'repeat',
      parentId: '000_baseline',
      startCommit: 'c_000_baseline',
      tags: [],
    });
    story.ends('000_headspace', 500).ends('001_mtp', 130);
    expect([story.state.best, planningVerdict(story.state).do]).toEqual(['000_baseline', 'wait']);
    story.ends('000_baseline_repeat_1', 101);
    expect(story.verdict('001_mtp')).toBeUndefined();
    story.ends('000_baseline_repeat_2', 99);
    expect(story.verdict('001_mtp')).toBe('repeat');
  });

  it('numbers experiments, counts practices and fills plans as if there were no repeats', () => {
    const story = ConfirmedStory.seeded();
    expect(story.state).toMatchObject({ nextCounter: 2, resultsSincePlan: 0, practicesTried: ['mtp'] });
    expect(planningVerdict(story.state)).toEqual({ do: 'plan' });
  });

  it('is not waited for without a baseline: the first result is then the best', () => {
    const story = new ConfirmedStory().setUp([], DEFAULT_CONFIRMATION);
    story.breaks('000_baseline').ends('000_headspace', 500).ends('001_mtp', 80);
    expect([story.state.best, story.verdict('001_mtp'), story.open()]).toEqual(['001_mtp', 'keep', []]);
  });
});

describe('confirmation', () => {
  it('repeats what looks better, in turn with the incumbent, and keeps it when the repeats are better', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
    expect([story.verdict('002_a'), story.state.best]).toEqual(['repeat', '000_baseline']);
    expect(story.open()).toEqual(['000_baseline_repeat_3', '002_a_repeat_1']);
    expect(rowOf(story.state, '002_a_repeat_1').startCommit).toBe('c_002_a');
    expect([planningVerdict(story.state).do, plateauCount(story.state)]).toEqual(['wait', 0]);
    story.settles({ '002_a': 129 });
    expect([story.verdict('002_a'), story.state.best]).toEqual(['keep', '002_a']);
    expect(story.state.rounds.at(-1)).toMatchObject({ gained: true, open: 0 });
    expect(rowOf(story.state, '002_a').judged?.gain?.low).toBeGreaterThan(0);
  });

  it('rejects luck, and only then closes the round', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
    story.settles({ '002_a': 100 });
    expect([story.verdict('002_a'), story.state.best]).toEqual(['reject', '000_baseline']);
    expect(story.state.rounds.at(-1)).toMatchObject({ gained: false, open: 0 });
    expect(plateauCount(story.state)).toBe(1);
  });

  describe('beside other work', () => {
    it('measures the baseline once more, and forgets what was disturbed', () => {
      const story = new ConfirmedStory().setUp([], DEFAULT_CONFIRMATION);
      const disturbed = { contention: 0.5 };
      story.ends('000_baseline', 50, disturbed).ends('000_headspace', 500).ends('001_mtp', 90);
      for (const id of story.open('calibration')) story.ends(id, 50, disturbed);
      expect(story.open()).toEqual(['000_baseline_repeat_3']);
      story.ends('000_baseline_repeat_3', 100);
      expect(typicalObjective(story.state, '000_baseline')?.value).toBeCloseTo(100);
    });

    it('repeats what may be better on a quiet machine, and nothing else', () => {
      const story = ConfirmedStory.seeded();
      story.proposes('002_a').ends('002_a', 80, { contention: 0.4 });
      expect(story.verdict('002_a')).toBe('repeat');
      story.settles({ '002_a': 130 });
      expect([story.verdict('002_a'), story.state.best]).toEqual(['keep', '002_a']);
      story.proposes('003_b').ends('003_b', 40, { contention: 0.4 });
      expect([story.verdict('003_b'), story.open()]).toEqual(['not_better', []]);
      story.proposes('004_c').ends('004_c', 80);
      expect(story.verdict('004_c')).toBe('not_better');
    });

    it('does not judge by disturbed repeats where others can be had', () => {
      const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
      story.ends('000_baseline_repeat_3', 100).ends('002_a_repeat_1', 60, { contention: 0.5 });
      expect([story.verdict('002_a'), story.open()]).toEqual(['repeat', ['000_baseline_repeat_4', '002_a_repeat_2']]);
      story.settles({ '002_a': 129 });
      expect([story.verdict('002_a'), story.state.best]).toEqual(['keep', '002_a']);
    });

    it('is decided all the same on a machine that is never quiet', () => {
      const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130, { contention: 0.5 });
      let repeats = 0;
      for (let [id] = story.open(); id !== undefined; [id] = story.open()) {
        if (id.startsWith('002_a_repeat')) repeats += 1;
        story.ends(id, id.startsWith('002_a') ? 60 : 100, { contention: 0.5 });
      }
      expect([story.verdict('002_a'), story.state.best]).toEqual(['reject', '000_baseline']);
      expect(repeats).toBe(4);
    });

    it('ends after so many repeats, also where only some of them were disturbed', () => {
      const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
      let [repeats, others] = [0, 0];
      for (let [id] = story.open(); id !== undefined && repeats < 100; [id] = story.open()) {
        if (!id.startsWith('002_a_repeat')) story.ends(id, others++ % 2 === 0 ? 115 : 88);
        else if (repeats++ % 6 === 0) story.ends(id, repeats % 12 === 1 ? 125 : 94);
        else story.ends(id, 60, { contention: 0.5 });
      }
      expect(repeats).toBe(MOST_REPEATS);
      expect([story.verdict('002_a'), story.open()]).toEqual(['reject', []]);
    });

    it('believes single runs where that was asked for', () => {
      const story = ConfirmedStory.seeded({ calibrationRuns: 0, confirmRuns: 0 });
      story.proposes('002_a').ends('002_a', 130, { contention: 0.5 });
      expect([story.state.best, story.open()]).toEqual(['002_a', []]);
    });
  });

  it('repeats nothing that is not better', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 99);
    expect([story.verdict('002_a'), story.open()]).toEqual(['not_better', []]);
  });

  it('takes as many repeats between two looks as asked for', () => {
    const story = ConfirmedStory.seeded({ confirmRuns: 3 }).proposes('002_a').ends('002_a', 110);
    expect(story.open()).toEqual(['000_baseline_repeat_3', '002_a_repeat_1', '002_a_repeat_2', '002_a_repeat_3']);
  });

  it('rejects what does not run again', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130).breaks('002_a_repeat_1');
    expect(rowOf(story.state, '002_a').judged).toMatchObject({
      verdict: 'reject',
      reason: 'its repeat 002_a_repeat_1 failed',
    });
  });

  it('gives up a candidate whose repeat a person removes', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
    story.tell({ type: 'experiment_removed', nodeId: '002_a_repeat_1' }).due();
    expect(story.verdict('002_a')).toBe('reject');
    expect(story.state.rounds.at(-1)?.open).toBe(0);
  });

  it('compares a candidate that waits with the new best', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').proposes('003_b').ends('002_a', 130).ends('003_b', 110);
    story.ends('002_a_repeat_1', 130).ends('003_b_repeat_1', 110).settles({ '002_a': 130, '003_b': 110 });
    expect([story.verdict('002_a'), story.verdict('003_b'), story.state.best]).toEqual(['keep', 'reject', '002_a']);
  });

  it('begins no repeats once the run drains, but decides what can be decided', () => {
    const decided = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 130);
    decided.tell({ type: 'stop_requested', mode: 'drain' }).ends('002_a_repeat_1', 130);
    expect(decided.verdict('002_a')).toBe('keep');
    const undecided = ConfirmedStory.seeded().proposes('002_a');
    undecided.tell({ type: 'stop_requested', mode: 'drain' }).ends('002_a', 130);
    expect([undecided.verdict('002_a'), undecided.open()]).toEqual([undefined, []]);
  });

  it('runs repeats first, whatever the limit of experiments', () => {
    const story = ConfirmedStory.seeded({}, { maxExperiments: 4 }).proposes('002_a').ends('002_a', 130);
    expect(nextMove(story.state, 0)).toMatchObject({ do: 'start', nodeId: '000_baseline_repeat_3' });
    story.settles({ '002_a': 130 });
    expect(planningVerdict(story.state)).toMatchObject({ do: 'end', reason: 'max_experiments' });
  });

  it('books no analysis by an agent for a repeat', () => {
    const story = ConfirmedStory.seeded({}, { budgetUsd: 10 }).proposes('002_a').ends('002_a', 130);
    story.tell(
      { type: 'experiment_preparing', nodeId: '002_a_repeat_1' },
      { type: 'experiment_prepared', nodeId: '002_a_repeat_1', commit: 'c' },
    );
    expect(nextMove(story.state, 0)).toMatchObject({ do: 'grant', money: { reserve: { job_002_a_repeat_1: {} } } });
    expect(JSON.stringify(nextMove(story.state, 0))).not.toContain('analyze');
  });
});

describe('the ceiling', () => {
  it('quarantines a confirmed result above it', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').ends('002_a', 5000).settles({ '002_a': 5000 });
    expect([story.verdict('002_a'), story.state.best]).toEqual(['quarantine', '000_baseline']);
    expect(plateauCount(story.state)).toBe(1);
  });

  it.each([
    ['keeps it when the ceiling on its own code is higher', 900, 'keep', '002_a'],
    ['quarantines it when it is not', 600, 'quarantine', '000_baseline'],
  ])('is measured again for another batch, and %s', (_, ceiling, verdict, best) => {
    const story = ConfirmedStory.seeded()
      .proposes('002_a', { tags: ['batch_size_tuning'] })
      .ends('002_a', 800);
    story.settles({ '002_a': 800, '002_a_ceiling': ceiling });
    expect(rowOf(story.state, '002_a_ceiling')).toMatchObject({ kind: 'headspace', startCommit: 'c_002_a' });
    expect([story.verdict('002_a'), story.state.best]).toEqual([verdict, best]);
    expect(story.state.rounds.at(-1)?.open).toBe(0);
  });

  it('holds for what builds on another batch', () => {
    const story = ConfirmedStory.seeded()
      .proposes('002_a', { tags: ['batch_size_tuning'] })
      .ends('002_a', 800);
    story.settles({ '002_a': 800, '002_a_ceiling': 900 });
    story.proposes('003_b', { parentId: '002_a' }).ends('003_b', 880).settles({ '003_b': 880, '002_a': 800 });
    expect([story.verdict('003_b'), story.state.best]).toEqual(['keep', '003_b']);
    expect(story.state.experiments['003_b_ceiling']).toBeUndefined();
  });

  it('is not needed for a result that contradicts what the probe counted', () => {
    const story = ConfirmedStory.seeded().proposes('002_a').running('002_a');
    story.tell({ type: 'job_ended', nodeId: '002_a', durationS: 10 });
    const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: 150 };
    const result = { metrics, sources: {}, findings: [], doubt: 'it printed more steps than its sink gave items' };
    story.tell({ type: 'experiment_completed', nodeId: '002_a', result }).due();
    expect(rowOf(story.state, '002_a').judged).toMatchObject({ verdict: 'quarantine', reason: result.doubt });
    expect([story.state.best, story.open()]).toEqual(['000_baseline', []]);
  });

  it('ends the run when the best has reached it', () => {
    const story = ConfirmedStory.seeded({}, {}, 131).proposes('002_a').ends('002_a', 130).settles({ '002_a': 130 });
    expect(planningVerdict(story.state)).toMatchObject({ do: 'end', reason: 'headspace_reached' });
  });

  it('is none when it is clearly below the baseline: it ends no run and quarantines nothing', () => {
    const story = ConfirmedStory.seeded({ doubtsLowCeilings: true }, {}, 0.4);
    expect(planningVerdict(story.state)).toEqual({ do: 'plan' });
    expect(headspaceLeft(story.state)).toBeNull();
    const facts = runFacts(story.state);
    expect([facts.ceiling, facts.remaining, headspaceSentence(facts)]).toEqual([
      null,
      null,
      'Headspace is not known: with cached data the job ran slower than the baseline, so that run measured something else.',
    ]);
    story.proposes('002_a').ends('002_a', 130).settles({ '002_a': 130 });
    expect([story.verdict('002_a'), story.state.best]).toEqual(['keep', '002_a']);
    expect(planningVerdict(story.state)).toEqual({ do: 'plan' });
  });

  it('is believed as before by a run whose rules do not say otherwise, and within the noise', () => {
    expect(planningVerdict(ConfirmedStory.seeded({}, {}, 0.4).state)).toMatchObject({ reason: 'headspace_reached' });
    const story = ConfirmedStory.seeded({ doubtsLowCeilings: true }, {}, 99);
    expect(planningVerdict(story.state)).toMatchObject({ reason: 'headspace_reached' });
  });
});

describe('verification', () => {
  const ended = (verifyRuns: number) => {
    const story = ConfirmedStory.seeded({ verifyRuns }, { maxIterations: 1 }).proposes('002_a').ends('002_a', 140);
    return story.ends('000_baseline_repeat_3', 100).ends('002_a_repeat_1', 130);
  };

  it('measures winner and baseline in turn before the run ends, once', () => {
    const story = ended(2);
    expect(story.open()).toEqual([
      '000_baseline_repeat_4',
      '002_a_repeat_2',
      '000_baseline_repeat_5',
      '002_a_repeat_3',
    ]);
    expect(planningVerdict(story.state)).toEqual({ do: 'wait' });
    story.settles({ '002_a': 120 });
    expect(story.open()).toEqual([]);
    expect(planningVerdict(story.state)).toMatchObject({ do: 'end', reason: 'max_iterations' });
    expect(provenGain(story.state)?.gain).toBeCloseTo(0.2, 2);
  });

  it('is left out when asked, and where the baseline won', () => {
    expect(planningVerdict(ended(0).state)).toMatchObject({ do: 'end' });
    const story = ConfirmedStory.seeded({ verifyRuns: 2 }, { maxIterations: 1 }).proposes('002_a').ends('002_a', 90);
    expect(planningVerdict(story.state)).toMatchObject({ do: 'end' });
  });

  it('takes the gain from repeats for confirmation where there is no verification', () => {
    expect(provenGain(ended(0).state)?.gain).toBeCloseTo(0.3, 2);
  });
});
