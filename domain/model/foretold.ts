/**
 * What an experiment is predicted to measure, as it stands in its specification, and whether it did. A model that was
 * wrong twice is distrusted.
 */
import { directionOf, type Objective } from '../belief/compare.js';
import { numberText, objectiveText } from '../reports/quantity-text.js';
import type { Prediction } from './prediction.js';

/** In the unit of its metric. */
export interface Foretold {
  metric: string;
  value: number;
  low: number;
  high: number;
}

export interface Outcome {
  nodeId: string;
  foretold: Foretold;
  measured: Objective;
}

/** So many results outside of their intervals, among so many of the latest, are no bad luck. */
const WRONG_MOST = 2;
const LATEST = 5;
/** Up to this half width, relatively, an interval is said as one number with its error. */
const NARROW = 0.3;

/** `prediction` is against what measured `reference`. */
export function foretold(prediction: Prediction, reference: Objective): Foretold {
  const isHigher = directionOf(reference) === 'higher';
  const at = (ratio: number) => (isHigher ? reference.value * ratio : reference.value / ratio);
  const [low, high] = isHigher ? [prediction.low, prediction.high] : [prediction.high, prediction.low];
  return { metric: reference.metric, value: at(prediction.ratio), low: at(low), high: at(high) };
}

/** Null where the specification foretells nothing. */
export function foretoldIn({ predicted }: Readonly<Record<string, unknown>>): Foretold | null {
  if (typeof predicted !== 'object' || predicted === null) return null;
  const { metric, value, low, high } = predicted as Record<string, unknown>;
  const isWhole = typeof metric === 'string' && [value, low, high].every(Number.isFinite);
  return isWhole ? (predicted as Foretold) : null;
}

/** "predicted 212 ± 15 samples/s" */
export function foretoldText({ metric, value, low, high }: Foretold): string {
  const half = (high - low) / 2;
  return half <= NARROW * value
    ? `predicted ${numberText(value)} ± ${objectiveText({ metric, value: half })}`
    : `predicted ${objectiveText({ metric, value })}, from ${numberText(low)} to ${numberText(high)}`;
}

/** For a hypothesis whose prediction reads as no gain: what it may bring at best is what it is tried for. */
export function chanceText({ ratio, high }: Prediction): string {
  if (ratio > 1 || high <= 1) return '';
  return ' On average that is no gain: what it may bring at best is worth a job.';
}

export function isWithin({ low, high }: Foretold, { value }: Objective): boolean {
  return value >= low && value <= high;
}

/** How a result compares with what was predicted of it; null where they are of different kinds. */
export function comparedText(predicted: Foretold, measured: Objective): string | null {
  if (predicted.metric !== measured.metric) return null;
  const outcome = isWithin(predicted, measured)
    ? 'the result lies within that interval'
    : 'the result lies outside of that interval, so that the model was wrong here';
  return `The model of the pipeline ${foretoldText(predicted)}: ${outcome}.`;
}

/** Why the model is distrusted; null while it is not. `outcomes`: in their order. */
export function distrust(outcomes: readonly Outcome[]): string | null {
  const wrong = outcomes
    .filter(({ foretold: own, measured }) => own.metric === measured.metric)
    .slice(-LATEST)
    .filter(({ foretold: own, measured }) => !isWithin(own, measured));
  if (wrong.length < WRONG_MOST) return null;
  const each = wrong.map(
    ({ nodeId, foretold: own, measured }) => `${nodeId}: ${foretoldText(own)}, measured ${numberText(measured.value)}`,
  );
  return `The model of the pipeline was wrong ${wrong.length} times and is no longer believed (${each.slice(0, 3).join('; ')}).`;
}
