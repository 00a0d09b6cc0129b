/**
 * What an experiment's speed is believed to be: the one number that decisions, reports, pictures and prompts hold for
 * its value. Where odds decide (weighing.ts), that is what these weigh it with, its first run and what it was kept over
 * included, so that no text tells of a best that is slower than what was found to be not better than it. In older runs
 * it is the mean of its repeats.
 */
import type { EngineState } from '../run/engine-state.js';
import { type Objective, objectiveOfRow } from './compare.js';
import { mean, withLogSpeed } from './noise.js';
import {
  driftSince,
  everyRunOf,
  expectedNoise,
  leastImprovementOf,
  noiseOf,
  repeatRows,
  runsOf,
  speedNow,
} from './repeats.js';
import { speedOf } from './weighing.js';

/** Whether candidates are decided by their odds. */
export function isWeighed({ confirmation }: EngineState): boolean {
  const { weighsOdds, confirmRuns = 0 } = confirmation?.rules ?? {};
  return weighsOdds === true && confirmRuns > 0;
}

/** Log speeds of the runs that an experiment's value is told from, moved so that their mean is that value. */
export function valueRunsOf(state: EngineState, nodeId: string, metric: Objective['metric']): number[] {
  if (!isWeighed(state)) return runsOf(state, nodeId, metric);
  const runs = everyRunOf(state, nodeId, metric);
  // One run is told as it was measured: nothing else is known yet.
  if (runs.length < 2) return runs;
  const noise = expectedNoise(state);
  const least = leastImprovementOf(state, noiseOf(state))!;
  const moved = speedOf(state, nodeId, metric, { noise, least }).mean - mean(runs);
  return runs.map((run) => run + moved);
}

/** What an experiment typically measures, and over how many runs; its own run's number where no repeats are. */
export function typicalObjective(state: EngineState, nodeId: string): Objective | null {
  const own = objectiveOfRow(state.experiments[nodeId]);
  const runs = own && valueRunsOf(state, nodeId, own.metric);
  if (!own || !runs || runs.length === 0) return own;
  const row = state.experiments[nodeId]!;
  if (repeatRows(state, nodeId).length === 0)
    return driftSince(state, row) === 0 ? own : withLogSpeed(own, speedNow(state, row));
  return withLogSpeed(own, mean(runs));
}
