/**
 * How many pairs of repeats, baseline and winner in turn, the number that a run ends with still asks for. Nobody reads
 * a gain of 387% more closely than to some tens of percent, while of a gain of 10% every percent is read.
 */
import type { EngineState } from '../../run/engine-state.js';
import { BASELINE_ID } from '../../run/experiment-record.js';
import { objectiveOfRow } from '../compare.js';
import { REPORT_CONFIDENCE } from '../improvement.js';
import { mean } from '../noise.js';
import { noiseOf } from '../repeats.js';
import { studentTWidth } from '../student-t.js';
import { valueRunsOf } from '../value.js';

/** Half the width of the interval that is close enough, as a share of the gain in log speed. */
const CLOSE_ENOUGH = 0.2;
/** In log speed, what the machine may have changed by unseen since the baseline was measured: a pair would tell. */
const UNSEEN_CHANGE = 0.05;

/** At most as many as the rules say; all of these in runs that do not ask what is needed. */
export function verificationPairs(state: EngineState): number {
  const { best, confirmation } = state;
  const { verifyRuns = 0, verifiesAsNeeded } = confirmation?.rules ?? {};
  const metric = objectiveOfRow(state.experiments[best ?? ''])?.metric;
  const noise = noiseOf(state);
  if (!verifiesAsNeeded || best === null || metric === undefined || noise === null) return verifyRuns;
  const [own, baseline] = [valueRunsOf(state, best, metric), valueRunsOf(state, BASELINE_ID, metric)];
  // A single run is the one by which it was noticed.
  if (own.length < 2 || baseline.length === 0) return verifyRuns;
  const allowed = CLOSE_ENOUGH * (mean(own) - mean(baseline));
  const widthWith = (pairs: number) => {
    const error = noise.sd * Math.sqrt(1 / (own.length + pairs) + 1 / (baseline.length + pairs));
    const width = studentTWidth(REPORT_CONFIDENCE, noise.degrees + 2 * pairs) * error;
    return pairs === 0 ? width + UNSEEN_CHANGE : width;
  };
  const enough = Array.from({ length: verifyRuns }, (_, pairs) => pairs).find((pairs) => widthWith(pairs) <= allowed);
  return enough ?? verifyRuns;
}
