/** The ended experiments as points of the progress chart. */

import type { Objective } from '../belief/compare.js';
import { isBetter } from '../belief/compare.js';
import { isRemeasurement } from '../belief/confirmation-state.js';
import { runFacts } from '../reports/run-facts.js';
import type { RunRecord } from '../reports/run-record.js';
import { standingsOf } from '../reports/standing.js';
import { HEADSPACE_ID } from '../run/experiment-record.js';
import { improvedNodes, outcomeOf } from './outcome.js';
import type { Outcome } from './svg.js';

export interface ProgressPoint {
  nodeId: string;
  /** Place in the order of ends, from 1. */
  order: number;
  outcome: Outcome;
  isHeadspace: boolean;
  /** Seconds from the run's start to the end of the experiment. */
  elapsedS: number;
  durationS: number | null;
  /** The compared metric, where it is the one that the chart shows. */
  value: number | null;
  /** Times the baseline, as told everywhere. */
  gain: number | null;
  /**
   * The value of the best up to here, headspace left out: where results are confirmed, of what was kept last, though
   * later runs may say less of it than of one before.
   */
  bestSoFar: number | null;
  throughput: number | null;
  stepMs: number | null;
  steadySmPct: number | null;
  smPct: number | null;
}

export interface ProgressData {
  metric: Objective['metric'];
  points: ProgressPoint[];
  baseline: number | null;
  headspace: number | null;
  best: { nodeId: string; value: number } | null;
}

export function progressData(record: RunRecord): ProgressData {
  const { state } = record;
  const facts = runFacts(state);
  const metric = (facts.best ?? facts.baseline ?? facts.headspace)?.objective.metric ?? 'throughput_samples_per_s';
  const shown = (objective: Objective | null | undefined) => (objective?.metric === metric ? objective.value : null);
  const improved = improvedNodes(record);
  const standing = standingsOf(state);
  const confirms = (state.confirmation?.rules.confirmRuns ?? 0) > 0;
  let best: Objective | null = null;
  let place = -1;
  const measured = record.ended.filter(({ nodeId }) => {
    const row = state.experiments[nodeId];
    return row !== undefined && !isRemeasurement(row);
  });
  const points = measured.flatMap(({ nodeId }, index): ProgressPoint[] => {
    const row = state.experiments[nodeId];
    if (!row || !('completedAtMs' in row.state)) return [];
    const isHeadspace = nodeId === HEADSPACE_ID;
    const own = standing(nodeId);
    const { objective } = own;
    const value = shown(objective);
    const ownPlace = record.bests.indexOf(nodeId);
    const takesOver = confirms ? ownPlace > place : isBetter(objective, best);
    if (!isHeadspace && value !== null && takesOver) {
      best = objective;
      place = ownPlace;
    }
    const metrics = row.state.status === 'completed' ? row.state.metrics : null;
    return [
      {
        nodeId,
        order: index + 1,
        outcome: outcomeOf(row, improved, own),
        isHeadspace,
        elapsedS: Math.max(0, (row.state.completedAtMs - state.startedAtMs) / 1000),
        durationS: row.state.durationS,
        value,
        gain: own.gain,
        bestSoFar: best === null ? null : (best as Objective).value,
        throughput: metrics?.throughput_samples_per_s ?? null,
        stepMs: metrics?.steady_step_time_ms ?? null,
        steadySmPct: metrics?.steady_sm_utilization_pct ?? null,
        smPct: metrics?.sm_utilization_pct ?? null,
      },
    ];
  });
  const bestValue = shown(facts.best?.objective);
  return {
    metric,
    points,
    baseline: shown(facts.baseline?.objective),
    headspace: shown(facts.headspace?.objective),
    best: facts.best && bestValue !== null ? { nodeId: facts.best.row.nodeId, value: bestValue } : null,
  };
}
