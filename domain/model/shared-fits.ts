/** What all stages share, fitted over the jobs: cores, the interpreter's lock, the training step, uneven items. */
import { normalised, type Weighed } from './mixture.js';
import type { OperatingPoint } from './operating-point.js';
import { computingTasks, crowding, type Draw, type PipelineFacts, type Sharing, throughput } from './throughput.js';

const DISTURBANCES = [0, 0.005, 0.01, 0.02, 0.04, 0.08];
const UNEVENNESS = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5];
/** Relative error of a training step's time, and of a throughput that is put together from its parts. */
const STEP_ERROR = 0.04;
const RATE_ERROR = 0.07;

/** Core seconds for each item; what does not grow with the items weighs least in the job that needed least. */
export function coreSeconds(points: readonly OperatingPoint[], facts: PipelineFacts, sharing: Sharing): number | null {
  const each = points.flatMap((point) =>
    point.coresBusy === null ? [] : [point.coresBusy / point.rate / crowding(facts, sharing, point.setting)],
  );
  return each.length === 0 ? null : Math.min(...each);
}

/** Seconds under the interpreter's lock for each item, if that is what bounded the fastest job. */
export function lockSeconds(points: readonly OperatingPoint[], facts: PipelineFacts, sharing: Sharing): number | null {
  const fastest = points.reduce((a, b) => (b.rate > a.rate ? b : a));
  return fastest.gilBound ? 1 / fastest.rate / crowding(facts, sharing, fastest.setting) : null;
}

interface StepFit {
  stepS: number | null;
  disturbance: number;
}

export function stepFits(
  points: readonly OperatingPoint[],
  facts: PipelineFacts,
  sharing: Sharing,
  cachedStepS: number | null,
): { weighed: Weighed<StepFit>[]; likely: StepFit } {
  const measured = points.flatMap((point) =>
    point.stepS === null ? [] : [{ stepS: point.stepS, tasks: computingTasks(facts, sharing, point.setting) }],
  );
  // A cache that is slower than what a loader brought measured something else.
  const fastest = Math.max(0, ...points.map(({ rate }) => rate));
  if (cachedStepS !== null && cachedStepS * fastest < 1) measured.push({ stepS: cachedStepS, tasks: 0 });
  if (measured.length === 0) {
    const unknown = { stepS: null, disturbance: 0 };
    return { weighed: [{ item: unknown, weight: 1 }], likely: unknown };
  }
  const fits = DISTURBANCES.map((disturbance) => {
    const logs = measured.map(({ stepS, tasks }) => Math.log(stepS / (1 + disturbance * tasks)));
    const logStep = mean(logs);
    const misfit = logs.reduce((sum, log) => sum + ((log - logStep) / STEP_ERROR) ** 2, 0);
    return { stepS: Math.exp(logStep), disturbance, logWeight: -2.5 * Math.log1p(misfit / 4) - 30 * disturbance };
  });
  const weighed = normalised(fits).map(({ item: { stepS, disturbance }, weight }) => ({
    item: { stepS, disturbance },
    weight,
  }));
  return { weighed, likely: weighed.reduce((a, b) => (b.weight > a.weight ? b : a)).item };
}

/** What the measured throughput lacks against its parts, explained by uneven items as far as buffers tell. */
export function unevennessFits(points: readonly OperatingPoint[], facts: PipelineFacts, likely: Draw) {
  const fits = UNEVENNESS.map((unevenness, i) => {
    const misfit = points.reduce((sum, { rate, setting }) => {
      const off = Math.log(rate / throughput(facts, { ...likely, unevenness }, setting));
      return sum + (off / RATE_ERROR) ** 2;
    }, 0);
    return { unevenness, logWeight: -((4 + points.length) / 2) * Math.log1p(misfit / 4) - 0.8 * i };
  });
  const most = Math.max(...fits.map(({ logWeight }) => logWeight));
  return {
    weighed: normalised(fits).map(({ item: { unevenness }, weight }) => ({ item: unevenness, weight })),
    logEvidence: most,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
