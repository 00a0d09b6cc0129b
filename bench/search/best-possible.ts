/** The best that any setting in reach of every searcher gives, without noise: the yardstick of the comparison. */
import { operate, type SimulatedPipeline, type SimulatedSetting } from './simulated-pipeline.js';
import { SPACE } from './space.js';

/** Of so many targets the balanced settings are where climbing starts. */
const TARGETS = 24;
const CLIMBS = 6;

/** Samples a second with the user's own batch size. Found by climbing in all knobs at once from balanced settings. */
export function bestPossible(pipeline: SimulatedPipeline, start: SimulatedSetting): number {
  const rateOf = (setting: SimulatedSetting) => operate(pipeline, setting).rate;
  const seeds = [{ ...start, buffer: SPACE.buffer.most }, ...balancedSettings(pipeline, start)]
    .map((setting) => ({ setting, rate: rateOf(setting) }))
    .sort((a, b) => b.rate - a.rate);
  return Math.max(...seeds.slice(0, CLIMBS).map(({ setting, rate }) => climb(pipeline, setting, rate, rateOf)));
}

/**
 * Each stage gets what it needs, by itself, for a target rate; the pool has what they all need, less, or all there is.
 */
function balancedSettings(pipeline: SimulatedPipeline, start: SimulatedSetting): SimulatedSetting[] {
  const modelRate = 1000 / (pipeline.sampleMs + pipeline.batchMs / start.batch);
  return Array.from({ length: TARGETS }, (_, i) => (1.3 * modelRate * (i + 1)) / TARGETS).flatMap((target) => {
    const concurrency: Record<string, number> = {};
    for (const { name, waitMs, cpuMs, gilMs } of pipeline.stages) {
      const needed = Math.ceil((target * (waitMs + cpuMs + gilMs)) / 1000);
      concurrency[name] = Math.min(SPACE.concurrency.most, Math.max(SPACE.concurrency.least, needed));
    }
    const total = Object.values(concurrency).reduce((sum, each) => sum + each, 0);
    return [total, Math.ceil(total / 2), Math.ceil(total / 4), SPACE.threads.most].map((threads) => ({
      ...start,
      concurrency,
      threads: Math.min(SPACE.threads.most, threads),
      buffer: SPACE.buffer.most,
    }));
  });
}

function climb(
  pipeline: SimulatedPipeline,
  from: SimulatedSetting,
  fromRate: number,
  rateOf: (setting: SimulatedSetting) => number,
): number {
  let setting = from;
  let rate = fromRate;
  for (;;) {
    const better = neighboursOf(pipeline, setting)
      .map((each) => ({ setting: each, rate: rateOf(each) }))
      .reduce((a, b) => (b.rate > a.rate ? b : a));
    if (better.rate <= rate * (1 + 1e-6)) return rate;
    ({ setting, rate } = better);
  }
}

/**
 * Each knob one lower, equal or one higher, since stages that hold each other up move together; and one knob halved or
 * doubled.
 */
function neighboursOf(pipeline: SimulatedPipeline, setting: SimulatedSetting): SimulatedSetting[] {
  const moved = (value: number, by: number, { least, most }: { least: number; most: number }) =>
    Math.min(most, Math.max(least, value + by));
  let all = [-1, 0, 1].map((by) => ({ ...setting, threads: moved(setting.threads, by, SPACE.threads) }));
  for (const { name } of pipeline.stages) {
    all = all.flatMap((each) =>
      [-1, 0, 1].map((by) => ({
        ...each,
        concurrency: { ...each.concurrency, [name]: moved(each.concurrency[name] ?? 1, by, SPACE.concurrency) },
      })),
    );
  }
  const jumps = [0.5, 2].flatMap((factor) => [
    { ...setting, threads: moved(0, Math.round(setting.threads * factor), SPACE.threads) },
    ...pipeline.stages.map(({ name }) => {
      const value = moved(0, Math.round((setting.concurrency[name] ?? 1) * factor), SPACE.concurrency);
      return { ...setting, concurrency: { ...setting.concurrency, [name]: value } };
    }),
  ]);
  return [...all, ...jumps];
}
