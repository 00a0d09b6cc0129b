/** Small gains that are put together before a run ends for want of gains. */
import { describe, expect, it } from 'vitest';
import { queueView } from '../../../domain/protocol/views.js';
import { carriedState } from '../../../domain/run/carried-state.js';
import { rowOf } from '../../../domain/run/engine-state.js';
import type { ExperimentIdentity } from '../../../domain/run/experiment-record.js';
import { partsOf } from '../../../domain/schedule/bundles.js';
import { planningVerdict } from '../../../domain/schedule/planning.js';
import { dueEvents } from '../../../domain/verdict/consequences.js';
import { ConfirmedStory } from '../confirmed-story.js';

const RULES = {
  weighsOdds: true,
  goesOnUndecided: true,
  heedsChildren: true,
  watchesDrift: true,
  bundlesSmallGains: true,
} as const;

interface Tried {
  changes: string[];
  value: number;
  more?: Partial<ExperimentIdentity>;
}

const tried = (change: string, value: number, more: Partial<ExperimentIdentity> = {}): Tried => ({
  changes: [change],
  value,
  more,
});

/** A run with noise of 0.4% whose planner has stopped after these experiments. */
function stopped(experiments: readonly Tried[], rules: Partial<typeof RULES> = RULES): ConfirmedStory {
  const run = new ConfirmedStory({ patience: 1000 }).setUp([], {
    calibrationRuns: 2,
    confirmRuns: 1,
    verifyRuns: 0,
    minImprovement: null,
    ...rules,
  });
  const stepNoise = 0.002;
  run.ends('000_baseline', 100, { stepNoise }).ends('000_headspace', 5000).ends('001_mtp', 90);
  for (const id of run.open('calibration')) run.ends(id, id.endsWith('1') ? 100.4 : 99.6, { stepNoise });
  for (const [index, { changes, value, more }] of experiments.entries()) {
    const nodeId = `${String(index + 2).padStart(3, '0')}_x`;
    run.proposes(nodeId, { changeSet: changes, byCode: true, ...more }).ends(nodeId, value, { stepNoise });
  }
  return run.planned(90, [], 'stop').planned(91, [], 'stop').due();
}

const SMALL = [
  tried('decode.concurrency=8', 101),
  tried('fetch.concurrency=4', 99.9),
  tried('--threads=8', 101.2),
  tried('own_executor:demux', 100.9),
];

describe('small gains', () => {
  it('are put together on the best before the run ends, with words for what it is', () => {
    const run = stopped(SMALL);
    expect(run.open()).toEqual(['006_bundle']);
    expect(rowOf(run.state, '006_bundle')).toMatchObject({
      origin: { from: 'bundle', of: ['004_x', '002_x', '005_x'] },
      parentId: '000_baseline',
      startCommit: 'c_000_baseline',
      changeSet: ['--threads=8', 'decode.concurrency=8', 'own_executor:demux'],
    });
    expect(queueView(run.state)[0]?.why).toBe('it puts together the small gains of 004_x, 002_x and 005_x');
  });

  it('are confirmed as a whole, and the search goes on from them', () => {
    const run = stopped(SMALL).ends('006_bundle', 103.2).settles({ '006_bundle': 103 });
    expect([run.verdict('006_bundle'), run.state.best]).toEqual(['keep', '006_bundle']);
  });

  it('are not asked for again where they bring nothing together', () => {
    const run = stopped(SMALL).ends('006_bundle', 100);
    expect([run.verdict('006_bundle'), run.open()]).toEqual(['not_better', []]);
    expect(planningVerdict(run.state)).toMatchObject({ do: 'end', reason: 'planner_stopped' });
  });

  it('are tried once more by their better half where the bundle does not run', () => {
    const more = [tried('sink_buffer=8', 101.1), tried('batch.concurrency=2', 100.8)];
    const run = stopped([...SMALL, ...more]).breaks('008_bundle');
    expect(rowOf(run.state, '009_bundle').origin).toEqual({ from: 'bundle', of: ['004_x', '006_x', '002_x'] });
    run.breaks('009_bundle');
    expect(run.open()).toEqual([]);
  });
});

describe('no bundle is made', () => {
  it.each<[string, Tried[]]>([
    ['of too little', SMALL.slice(0, 2)],
    ['of what an agent wrote', SMALL.map((each) => ({ ...each, more: { byCode: undefined } as never }))],
    ['of values of one knob', [101, 101.2, 101.1].map((value, i) => tried(`decode.concurrency=${8 + i}`, value))],
    ['of another step of the model', SMALL.map((each) => ({ ...each, more: { tags: ['batch_size_tuning'] } }))],
  ])('%s', (_, experiments) => {
    expect(stopped(experiments).open()).toEqual([]);
  });

  it('in runs that began before', () => {
    const { bundlesSmallGains: _, ...before } = RULES;
    expect(stopped(SMALL, before).open()).toEqual([]);
  });

  it('where no more experiments may start', () => {
    const run = stopped(SMALL);
    run.tell({ type: 'experiment_removed', nodeId: '006_bundle', withdraws: false });
    delete run.state.confirmation?.bundled;
    expect(dueEvents(run.state)).toHaveLength(1);
    expect(dueEvents({ ...run.state, limits: { ...run.state.limits, maxExperiments: 7 } })).toEqual([]);
  });

  it('of what a person removed', () => {
    const run = stopped(SMALL).tell({ type: 'experiment_removed', nodeId: '006_bundle', withdraws: false });
    expect(dueEvents(run.state)).toEqual([]);
  });

  it('while the search goes on', () => {
    const run = stopped(SMALL.slice(0, 3));
    expect(dueEvents({ ...run.state, rounds: run.state.rounds.slice(0, 3) })).toEqual([]);
  });
});

it('what is put together is known after the engine has continued as new', () => {
  const { state } = stopped(SMALL);
  expect(partsOf(carriedState(state))).toEqual(partsOf(state));
});
