/** A machine that drifts: sentinels, what they find, and what is measured again then. */
import { describe, expect, it } from 'vitest';
import { SENTINEL_AFTER_JOBS, watch } from '../../../../domain/belief/incumbent/drift.js';
import { beliefOf } from '../../../../domain/belief/odds.js';
import { queueView } from '../../../../domain/protocol/views.js';
import { confidenceLines } from '../../../../domain/reports/caveats/confidence.js';
import { runFacts } from '../../../../domain/reports/run-facts.js';
import { carriedState } from '../../../../domain/run/carried-state.js';
import { rowOf } from '../../../../domain/run/engine-state.js';
import { planningVerdict } from '../../../../domain/schedule/planning.js';
import { ConfirmedStory } from '../../confirmed-story.js';

describe('sentinels', () => {
  const noise = { sd: 0.01, degrees: 30 };
  const before = beliefOf([0, 0.01, -0.01], noise);
  it.each([
    ['a run as before', [0.012], 'steady'],
    ['one that departs', [-0.06], 'measure again'],
    ['another that does not', [-0.06, 0.001], 'steady'],
    ['another that departs the other way', [-0.06, 0.06], 'steady'],
    ['two that agree', [-0.06, -0.055], 'drift'],
    ['two that agree that it is faster', [0.06, 0.055], 'drift'],
  ])('%s: %j -> %s', (_, runs, says) => {
    expect(watch(runs, before, noise)).toBe(says);
  });
});

const RULES = { weighsOdds: true, goesOnUndecided: true, heedsChildren: true, watchesDrift: true } as const;

/** So many experiments on the baseline that bring nothing, one after the other. */
function runAfter(jobs: number, value = 99.5, rules: Partial<typeof RULES> = RULES): ConfirmedStory {
  const run = ConfirmedStory.seeded(rules, { patience: 1000, maxIterations: 1000 }, 5000);
  for (let index = 0; index < jobs; index += 1) {
    const nodeId = `${String(index + 2).padStart(3, '0')}_x`;
    run.proposes(nodeId).ends(nodeId, value + (index % 2));
  }
  return run;
}

function nextId(run: ConfirmedStory): string {
  return `${String(run.state.nextCounter).padStart(3, '0')}_y`;
}

describe('the incumbent', () => {
  it('is measured again after many other jobs, beside a new experiment, and that holds up no plan', () => {
    const run = runAfter(SENTINEL_AFTER_JOBS);
    expect(run.open()).toEqual([]);
    const nodeId = nextId(run);
    run.proposes(nodeId).due();
    expect(run.open('sentinel')).toEqual(['000_baseline_repeat_3']);
    expect(queueView(run.state)[0]).toMatchObject({
      node_id: '000_baseline_repeat_3',
      why: 'it tells whether the machine is as fast as it was before',
    });
    run.ends(nodeId, 99);
    expect(planningVerdict(run.state)).toEqual({ do: 'plan' });
    run.ends('000_baseline_repeat_3', 100.5).proposes(nextId(run)).due();
    expect([run.open('sentinel'), run.state.confirmation?.drifts]).toEqual([[], undefined]);
  });

  it('is not in runs that began before', () => {
    const { watchesDrift: _, ...before } = RULES;
    const run = runAfter(SENTINEL_AFTER_JOBS, 99.5, before);
    run.proposes(nextId(run)).due();
    expect(run.open('sentinel')).toEqual([]);
  });

  it('is measured again before another one is kept over it, where it was long ago', () => {
    const run = runAfter(SENTINEL_AFTER_JOBS - 1);
    const nodeId = nextId(run);
    run.proposes(nodeId).ends(nodeId, 130).ends(`${nodeId}_repeat_1`, 129);
    expect([run.verdict(nodeId), run.open()]).toEqual(['provisional', ['000_baseline_repeat_3']]);
    run.ends('000_baseline_repeat_3', 100);
    expect([run.verdict(nodeId), run.open()]).toEqual(['keep', []]);
  });
});

describe('a machine that becomes faster', () => {
  const faster = () => {
    const run = runAfter(SENTINEL_AFTER_JOBS - 1);
    const nodeId = nextId(run);
    run.proposes(nodeId).ends(nodeId, 120).ends(`${nodeId}_repeat_1`, 121);
    return { run, nodeId };
  };

  it('is no gain: two sentinels find it, and the candidate is measured again', () => {
    const { run, nodeId } = faster();
    run.ends('000_baseline_repeat_3', 120);
    expect([run.open(), run.state.confirmation?.drifts]).toEqual([['000_baseline_repeat_4'], undefined]);
    run.ends('000_baseline_repeat_4', 121);
    expect(run.state.confirmation?.drifts).toMatchObject([{ nodeId: '000_baseline', by: expect.closeTo(0.187, 2) }]);
    run.settles({ '000_baseline': 120, [nodeId]: 120.5 });
    expect([run.verdict(nodeId), run.state.best]).toEqual(['refuted', '000_baseline']);
    const told = confidenceLines(run.state, runFacts(run.state)).join('\n');
    expect(told).toMatch(/- Drift: the machine is 2[01]% faster than before, as two sentinels of 000_baseline agree: /);
  });

  it('is known to have been so after the engine has continued as new', () => {
    const { run } = faster();
    run.ends('000_baseline_repeat_3', 120).ends('000_baseline_repeat_4', 121);
    expect(carriedState(run.state).confirmation?.drifts).toEqual(run.state.confirmation?.drifts);
  });

  it('is not believed of one sentinel', () => {
    const { run, nodeId } = faster();
    run.ends('000_baseline_repeat_3', 120).settles({ '000_baseline': 100, [nodeId]: 121 });
    expect([run.verdict(nodeId), run.state.confirmation?.drifts]).toEqual(['keep', undefined]);
  });
});

describe('a machine that becomes slower', () => {
  it('hides a gain that is looked at again once that is found', () => {
    const run = runAfter(SENTINEL_AFTER_JOBS - 1);
    const gain = nextId(run);
    run.proposes(gain).ends(gain, 99);
    expect(run.verdict(gain)).toBe('not_better');
    run.proposes(nextId(run)).due();
    run.ends('000_baseline_repeat_3', 80).ends('000_baseline_repeat_4', 80.5);
    expect(run.state.confirmation?.drifts).toMatchObject([{ nodeId: '000_baseline', by: expect.closeTo(-0.22, 1) }]);
    expect([run.verdict(gain), rowOf(run.state, gain).judged?.reason]).toEqual([
      'repeat',
      expect.stringMatching(/; the machine has drifted since then$/),
    ]);
    run.ends(`${gain}_repeat_1`, 99);
    expect(['provisional', 'keep', 'repeat']).toContain(run.verdict(gain));
    run.settles({ '000_baseline': 80, [gain]: 99 });
    expect([run.verdict(gain), run.state.best]).toEqual(['keep', gain]);
  });
});
