/** A run that goes on while its candidates are not decided: the provisional best, what it stands on, what follows. */
import { describe, expect, it } from 'vitest';
import type { ConfirmationRules } from '../../../domain/belief/confirmation-state.js';
import { confirmedAtEnd, provisionalOnes } from '../../../domain/belief/provisional.js';
import { treeModel } from '../../../domain/charts/tree-model.js';
import { queueView, statusView } from '../../../domain/protocol/views.js';
import { confidenceLines } from '../../../domain/reports/caveats/confidence.js';
import { runFacts } from '../../../domain/reports/run-facts.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import { failure } from '../../../domain/run/failure.js';
import type { Limits } from '../../../domain/run/limits.js';
import { nextMove } from '../../../domain/schedule/planned-moves.js';
import { planningVerdict, plateauCount } from '../../../domain/schedule/planning.js';
import { recordOf } from '../../support/run-record.js';
import { ConfirmedStory } from '../confirmed-story.js';

function story(limits: Partial<Limits> = {}, headspace = 5000): ConfirmedStory {
  return ConfirmedStory.seeded({ weighsOdds: true, goesOnUndecided: true }, limits, headspace);
}

/** `002_a` is the provisional best, at 1.3 times the baseline; `003_b`, built on it, at 1.6. */
function stacked(): ConfirmedStory {
  const run = story().proposes('002_a').ends('002_a', 130);
  return run.proposes('003_b', { parentId: '002_a', startCommit: 'c_002_a' }).ends('003_b', 160);
}

describe('a result that is better by more than luck explains', () => {
  it('is the provisional best at once, and planning goes on from it', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    expect([run.state.best, run.verdict('002_a'), run.open()]).toEqual(['002_a', 'provisional', ['002_a_repeat_1']]);
    expect(planningVerdict(run.state)).toEqual({ do: 'plan' });
    expect(statusView(run.state).best).toMatchObject({ node_id: '002_a', verdict: 'provisional' });
    expect([runFacts(run.state).isProvisional, plateauCount(run.state)]).toEqual([true, 0]);
  });

  it('has its repeat run before the end, and is kept then', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    expect(run.settles({ '002_a': 129 }).verdict('002_a')).toBe('keep');
    expect([run.state.best, provisionalOnes(run.state)]).toEqual(['002_a', []]);
  });

  it('is none where it is faster than cached data, or ran beside other work', () => {
    expect(story({}, 120).proposes('002_a').ends('002_a', 160).verdict('002_a')).toBe('repeat');
    const disturbed = story().proposes('002_a').ends('002_a', 130, { contention: 0.8 });
    expect([disturbed.verdict('002_a'), disturbed.state.best]).toEqual(['repeat', '000_baseline']);
  });

  it('is none while a run of it does not stand out', () => {
    const run = story().proposes('002_a').ends('002_a', 104);
    expect([run.verdict('002_a'), run.state.best, run.open()]).toEqual(['repeat', '000_baseline', ['002_a_repeat_1']]);
  });
});

describe('a repeat of it that is cancelled', () => {
  const cancelled = (rules: Partial<ConfirmationRules>) => {
    const run = ConfirmedStory.seeded({ weighsOdds: true, goesOnUndecided: true, ...rules }, {}, 5000);
    run
      .proposes('002_a')
      .ends('002_a', 130)
      .running('002_a_repeat_1')
      .tell({ type: 'stop_requested', mode: 'cancel_jobs' });
    const failed = failure('cancelled', 'the run was stopped', 0);
    return run.tell({ type: 'experiment_cancelled', nodeId: '002_a_repeat_1', failure: failed }).due();
  };

  it('leaves it the provisional best, and another repeat decides once the run goes on', () => {
    const run = cancelled({ ignoresCancelled: true });
    expect([run.verdict('002_a'), run.state.best, run.open()]).toEqual(['provisional', '002_a', []]);
    run.tell({ type: 'stopped', reason: 'user', detail: '' }, { type: 'resumed' }).due();
    expect([run.state.best, run.open()]).toEqual(['002_a', ['002_a_repeat_2']]);
    expect(run.settles({ '002_a': 129 }).verdict('002_a')).toBe('keep');
  });

  it('refutes it in runs without that rule', () => {
    expect([cancelled({}).verdict('002_a'), cancelled({}).state.best]).toEqual(['refuted', '000_baseline']);
  });
});

describe('its repeats', () => {
  const plannedBeside = () => {
    const run = story({ maxConcurrency: 1 }).proposes('002_a').ends('002_a', 130);
    return run.proposes('003_b');
  };
  it('wait behind new experiments, with the reason', () => {
    const run = plannedBeside();
    expect(queueView(run.state).map(({ node_id, why }) => [node_id, why])).toEqual([
      ['003_b', 'a new experiment'],
      [
        '002_a_repeat_1',
        'the best is provisional, and 0 experiments build on it; it waits for an idle slot, or the end',
      ],
    ]);
  });

  it('run at once where nothing else can, or the time is nearly over', () => {
    const alone = story({ maxConcurrency: 1, maxIterations: 1 }).proposes('002_a').ends('002_a', 130);
    expect(nextMove(alone.state, 1)).toMatchObject({ do: 'start', nodeId: '002_a_repeat_1' });
    const run = plannedBeside();
    const { runsSinceMs, updatedAtMs } = run.state;
    run.tell({ type: 'limits_set', limits: { maxHours: (updatedAtMs + 15_000 - runsSinceMs!) / 3_600_000 } });
    expect(queueView(run.state)[0]).toMatchObject({
      node_id: '002_a_repeat_1',
      why: expect.stringMatching(/the time of the run is nearly over$/),
    });
  });

  it('are not kept from running by experiments that may not start', () => {
    const run = story({ maxConcurrency: 1, maxExperiments: 4 }).proposes('002_a').ends('002_a', 130).proposes('003_b');
    expect(nextMove(run.state, 0)).toMatchObject({ do: 'start', nodeId: '002_a_repeat_1' });
  });

  it('come first once what builds on it would cost more than they do', () => {
    const run = story({ maxConcurrency: 1 }).proposes('002_a').ends('002_a', 130);
    for (let n = 3; n < 10; n += 1) {
      const nodeId = `00${n}_x`;
      run.proposes(nodeId, { parentId: '002_a', startCommit: 'c_002_a' });
      if (n < 9) run.ends(nodeId, 128);
    }
    expect(queueView(run.state).map(({ node_id }) => node_id)).toEqual(['009_x', '002_a_repeat_1']);
    run.ends('009_x', 128).proposes('010_x');
    expect(queueView(run.state)[0]).toMatchObject({
      node_id: '002_a_repeat_1',
      why: expect.stringMatching(/7 experiments build on it; that is more than a new experiment promises$/),
    });
  });

  it('stand where a person puts them', () => {
    const run = plannedBeside();
    run.tell({ type: 'experiment_reprioritized', nodeId: '002_a_repeat_1', priority: -1 });
    expect(queueView(run.state)[0]).toMatchObject({ node_id: '002_a_repeat_1', why: 'a person gave it this place' });
    run.tell({ type: 'experiment_removed', nodeId: '002_a_repeat_1', withdraws: false }).due();
    expect([run.verdict('002_a'), run.state.best]).toEqual(['reject', '000_baseline']);
  });

  it('are as many at a time as a person says', () => {
    const rules = { weighsOdds: true, goesOnUndecided: true, confirmRuns: 3 } as const;
    const run = ConfirmedStory.seeded(rules, {}, 5000).proposes('002_a').ends('002_a', 130);
    expect(run.open('confirmation')).toHaveLength(3);
  });
});

describe('a planner that stopped for the sake of a provisional best', () => {
  const stopped = () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    return run.planned(2, [], 'stop').planned(3, [], 'stop');
  };

  it('is asked again when that loses its place, and its stops are no rounds without a gain', () => {
    const run = stopped().settles({ '002_a': 99 });
    expect([run.verdict('002_a'), planningVerdict(run.state)]).toEqual(['refuted', { do: 'plan' }]);
    expect(plateauCount(run.state)).toBe(1);
  });

  it('is believed when that is confirmed', () => {
    const run = stopped().settles({ '002_a': 129 });
    expect([run.verdict('002_a'), planningVerdict(run.state)]).toMatchObject(['keep', { reason: 'planner_stopped' }]);
  });
});

describe('a refuted provisional best', () => {
  it('gives its place back, says so everywhere, and its round has gained nothing', () => {
    const run = story().proposes('002_a').ends('002_a', 130).ends('002_a_repeat_1', 99);
    expect([run.verdict('002_a'), run.state.best]).toEqual(['repeat', '000_baseline']);
    run.settles({ '002_a': 99 });
    expect([run.verdict('002_a'), run.state.best, run.open()]).toEqual(['refuted', '000_baseline', []]);
    expect([plateauCount(run.state), runFacts(run.state).isProvisional]).toEqual([1, false]);
    const told = confidenceLines(run.state, runFacts(run.state)).join('\n');
    expect(told).toContain('- 002_a is refuted (was the provisional best until its repeats contradicted it)');
    const boxes = treeModel(recordOf(run.events))
      .descendants()
      .map(({ data }) => data);
    expect(boxes.find(({ title }) => title === '002_a')).toMatchObject({
      outcome: 'unconfirmed',
      isBest: false,
      gain: expect.stringMatching(/\? refuted$/),
    });
    expect(boxes.find(({ isBest }) => isBest)?.title).toBe('000_baseline');
  });

  it('leaves what was stacked on it to its own measurements', () => {
    const run = story().proposes('002_a').ends('002_a', 130);
    run.proposes('003_b', { parentId: '002_a', startCommit: 'c_002_a' }).ends('003_b', 128);
    run.proposes('004_c', { parentId: '002_a', startCommit: 'c_002_a' }).ends('004_c', 97);
    expect([run.verdict('003_b'), run.verdict('004_c')]).toEqual(['not_better', 'not_better']);
    run.ends('002_a_repeat_1', 99);
    expect([run.verdict('003_b'), run.state.best]).toEqual(['provisional', '003_b']);
    expect(rowOf(run.state, '004_c').judged).toMatchObject({ verdict: 'not_better', against: '003_b' });
    run.settles({ '002_a': 99, '003_b': 127 });
    expect([run.verdict('003_b'), run.state.best]).toEqual(['keep', '003_b']);
    expect(run.verdict('002_a')).toBe('superseded');
  });

  it('gives its place to the provisional one below it', () => {
    const run = stacked();
    expect(provisionalOnes(run.state)).toEqual(['003_b', '002_a']);
    run.settles({ '002_a': 131, '003_b': 129 });
    expect([run.verdict('003_b'), run.verdict('002_a'), run.state.best]).toEqual(['refuted', 'keep', '002_a']);
  });
});

describe('a larger gain', () => {
  it('makes the one below it moot once it is kept, without a job', () => {
    const run = stacked();
    expect(run.open()).toEqual(['002_a_repeat_1', '003_b_repeat_1']);
    run.ends('003_b_repeat_1', 161);
    expect([run.verdict('003_b'), run.verdict('002_a'), run.state.best]).toEqual(['keep', 'superseded', '003_b']);
    expect([run.open(), statusView(run.state).counts.cancelled]).toEqual([[], 0]);
    expect(rowOf(run.state, '002_a').judged?.reason).toBe('003_b was kept over it');
  });

  it('closes the question of a small one that waits for its repeats', () => {
    const run = story().proposes('002_a').ends('002_a', 104).proposes('003_b').ends('003_b', 400);
    expect([run.verdict('002_a'), run.state.best, run.open()]).toEqual(['superseded', '003_b', ['003_b_repeat_1']]);
  });

  it('tells what has a prepared repeat of it to give it up', () => {
    const run = story().proposes('002_a').ends('002_a', 104);
    run.tell(
      { type: 'experiment_preparing', nodeId: '002_a_repeat_1' },
      { type: 'experiment_prepared', nodeId: '002_a_repeat_1', commit: 'c_002_a' },
    );
    run.proposes('003_b').ends('003_b', 400);
    expect([run.open(), run.state.withdrawing]).toEqual([['003_b_repeat_1'], ['002_a_repeat_1']]);
  });

  it('that is refuted leaves the small one to be judged again', () => {
    const run = story().proposes('002_a').ends('002_a', 104).proposes('003_b').ends('003_b', 400);
    run.ends('003_b_repeat_1', 100);
    expect([run.verdict('002_a'), run.state.best]).toEqual(['repeat', '000_baseline']);
    expect(run.open()).toContain('002_a_repeat_2');
    run.settles({ '002_a': 104 });
    expect([run.verdict('003_b'), run.verdict('002_a')]).toEqual(['refuted', 'keep']);
  });
});

describe('a run that ends before the repeats', () => {
  it('ends with the confirmed best, and has the other undecided', () => {
    const run = stacked();
    const events = confirmedAtEnd(run.state);
    run.tell(...events);
    expect([run.state.best, run.state.confirmation?.candidates]).toEqual(['000_baseline', ['002_a', '003_b']]);
    expect(confirmedAtEnd(run.state)).toEqual([]);
    run.settles({ '002_a': 131, '003_b': 161 });
    expect([run.state.best, run.verdict('003_b')]).toEqual(['003_b', 'keep']);
  });
});
