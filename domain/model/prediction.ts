/**
 * What a joint setting is predicted to bring against the setting that the search goes on from. Ratios: what the model
 * gets wrong of both cancels.
 */
import type { JointSetting } from './operating-point.js';
import type { PipelineModel } from './pipeline-model.js';
import { stageCapacities, throughput } from './throughput.js';

export interface Prediction {
  /** How many times as fast as the reference: the middle, and where 19 of 20 results are expected. */
  ratio: number;
  low: number;
  high: number;
}

/** What a model leaves out and two measurements differ by, relatively: a prediction is no surer than that. */
const LEAST_SPREAD = 0.06;
/** Standard deviations that hold 19 of 20 results. */
const REACH = 1.96;
/** As many of the draws lie below an interval, and above it. */
const TAIL = 0.025;

/** Items a second by each draw. */
export function ratesOf({ facts, draws }: PipelineModel, setting: JointSetting): number[] {
  return draws.map((draw) => throughput(facts, draw, setting));
}

/** How many times as fast as `reference` by each draw: those rates are asked for once, of many settings. */
export function ratios(model: PipelineModel, setting: JointSetting, reference: readonly number[]): number[] {
  return ratesOf(model, setting).map((rate, k) => rate / reference[k]!);
}

export function predictionOf(values: readonly number[]): Prediction {
  const logs = values.map(Math.log).sort((a, b) => a - b);
  const middle = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - middle) ** 2, 0) / logs.length;
  const reach = REACH * Math.sqrt(variance + LEAST_SPREAD * LEAST_SPREAD);
  // Where draws disagree on what bounds, they are far from normally distributed.
  const tail = Math.floor(TAIL * logs.length);
  const low = Math.min(middle - reach, logs[tail]! - REACH * LEAST_SPREAD);
  const high = Math.max(middle + reach, logs.at(-1 - tail)! + REACH * LEAST_SPREAD);
  return { ratio: Math.exp(middle), low: Math.exp(low), high: Math.exp(high) };
}

/**
 * Expected improvement: the mean over the draws of what it gains where it gains, over what each draw holds to be had
 * already. It weighs the size of a gain with its likelihood and has no parameter that would have to be tuned, which is
 * why it is preferred to an upper confidence bound; and over draws it is exact, also for several settings at once.
 */
export function expectedImprovement(values: readonly number[], had: readonly number[]): number {
  return values.reduce((sum, ratio, k) => sum + Math.max(0, ratio - had[k]!), 0) / values.length;
}

/** The stage with the least capacity in most draws; null where the training step or something shared bounds. */
export function boundBy(model: PipelineModel, setting: JointSetting): string | null {
  const [most] = [...boundShares(model, setting)].sort((a, b) => b[1] - a[1]);
  return most && most[1] > 0.5 ? most[0] : null;
}

/** By stage, in what share of the draws it bounds; in the others the training step does, or something shared. */
export function boundShares({ facts, draws }: PipelineModel, setting: JointSetting): Map<string, number> {
  const counts = new Map<string, number>();
  for (const draw of draws) {
    const capacities = stageCapacities(facts, draw, setting);
    const least = Math.min(...capacities);
    if (throughput(facts, draw, setting) < 0.8 * least) continue;
    const { stage } = facts.stages[capacities.indexOf(least)]!;
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return new Map([...counts].map(([stage, count]) => [stage, count / draws.length]));
}
