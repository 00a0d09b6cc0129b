/** What the search makes of earlier experiments, on hand-made histories. */
import { describe, expect, it } from 'vitest';
import type { HistoryEntry } from '../../../agents/agent.js';
import { CASES } from '../../../bench/search/cases.js';
import { BASE_COMMAND, BASE_COMMIT, surveyFor } from '../../../bench/search/simulated-run.js';
import { UNKNOWN_METRICS } from '../../../domain/evidence/metrics.js';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { axesOf } from '../../../playbook/search/axes.js';
import { refinements, weighByHistory } from '../../../playbook/search/history-moves.js';
import { readTrials } from '../../../playbook/search/trials.js';

const { pipeline, start } = CASES.find((each) => each.pipeline.name === 'oversubscribed')!;
const survey = surveyFor(pipeline, start);

/** An experiment that sets flags on top of another one. */
function ran(nodeId: string, throughput: number, flags = '', stacksOn: string | null = null): HistoryEntry {
  return {
    nodeId,
    kind: stacksOn === null ? 'baseline' : 'planned',
    status: 'completed',
    spec: SpecSchema.parse({ name: nodeId, launch_command: `${BASE_COMMAND} ${flags}`, stacks_on: stacksOn }),
    commit: BASE_COMMIT,
    parentId: null,
    result: { metrics: { ...UNKNOWN_METRICS, throughput_samples_per_s: throughput }, sources: {}, findings: [] },
    failure: null,
    isBest: false,
    durationS: null,
  };
}

function situation(history: HistoryEntry[]) {
  const trials = readTrials(survey, history, BASE_COMMIT, null);
  return { trials, axes: axesOf(survey, trials), incumbent: trials.incumbent! };
}

/** What is left of a gain of 1 that a move on top of the winner promises. */
function weight(values: Record<string, number>, history: HistoryEntry[]): number {
  const { trials, axes, incumbent } = situation(history);
  return weighByHistory({ values, structure: [], gain: 1, why: '', family: '' }, axes, incumbent, trials).gain;
}

describe('the same turn on top of another experiment', () => {
  const history = (throughput: number, winner = '--augment-workers 2') => [
    ran('000_baseline', 100),
    ran('002_fetch_c2', throughput, '--fetch-workers 2', '000_baseline'),
    ran('003_winner', 150, winner, '000_baseline'),
  ];
  const fetchDown = { 'flag:--fetch-workers': 2 };

  it('counts for less the more it lost', () => {
    const [gained, tied, lost, lostMuch] = [110, 100, 92, 60].map((rate) => weight(fetchDown, history(rate)));
    expect(gained).toBe(1);
    expect([tied! < gained!, lost! < tied!, lostMuch! < lost!]).toEqual([true, true, true]);
  });

  it('holds for fewer of several, not for more', () => {
    const lost = history(60, '--num-threads 8');
    expect(weight({ ...fetchDown, 'flag:--augment-workers': 2 }, lost)).toBeLessThan(0.1);
    expect(weight({ 'flag:--fetch-workers': 8 }, lost)).toBe(1);
    expect(weight({ 'flag:--augment-workers': 2 }, lost)).toBe(1);
  });
});

describe('looking between two values', () => {
  const between = (threads: number) => {
    const history = [ran('000_baseline', 100), ran('002_t', 90, `--num-threads ${threads}`, '000_baseline')];
    const { trials, axes, incumbent } = situation(history);
    return refinements(axes, incumbent, trials).map(({ values }) => values['flag:--num-threads']);
  };

  it('is worth a job unless they act alike', () => {
    expect(between(8)).toEqual([11]);
    expect(between(13)).toEqual([]);
  });
});
