/**
 * How many pairs of repeats, baseline and winner in turn, the number that a run ends with still asks for. Nobody reads
 * a gain of 387% more closely than to some tens of percent, while of a gain of 10% every percent is read.
 */
import type { EngineState } from '../../run/engine-state.js';
import { BASELINE_ID } from '../../run/experiment-record.js';
import { objectiveOfRow } from '../compare.js';
import { REPORT_CONFIDENCE } from '../improvement.js';
import { mean } from '../noise.js';
import { noiseOf, repeatsFor } from '../repeats.js';
import { studentTWidth } from '../student-t.js';
import { valueRunsOf } from '../value.js';

/** Half the width of the interval that is close enough, as a share of the gain in log speed. */
const CLOSE_ENOUGH = 0.2;
/** In log speed, what the machine may have changed by unseen since the baseline was measured: a pair would tell. */
const UNSEEN_CHANGE = 0.05;

/** At most as many as the rules say; all of these in runs that do not ask what is needed. */
export function verificationPairs(state: EngineState): number {
  const { best, confirmation } = state;
  const { verifyRuns = 0, verifiesAsNeeded, verifiesUntilClose = false } = confirmation?.rules ?? {};
  const isAgain = verifiesUntilClose && best !== null && confirmation?.verified === best;
  const left = isAgain ? Math.max(0, verifyRuns - pairsMeasured(state, best)) : verifyRuns;
  const metric = objectiveOfRow(state.experiments[best ?? ''])?.metric;
  const noise = noiseOf(state);
  if (!verifiesAsNeeded || best === null || metric === undefined || noise === null) return left;
  const [own, baseline] = [valueRunsOf(state, best, metric), valueRunsOf(state, BASELINE_ID, metric)];
  // A single run is the one by which it was noticed.
  if (own.length < 2 || baseline.length === 0) return left;
  const allowed = CLOSE_ENOUGH * (mean(own) - mean(baseline));
  const widthWith = (pairs: number) => {
    const error = noise.sd * Math.sqrt(1 / (own.length + pairs) + 1 / (baseline.length + pairs));
    const width = studentTWidth(REPORT_CONFIDENCE, noise.degrees + 2 * pairs) * error;
    return pairs === 0 && !isAgain ? width + UNSEEN_CHANGE : width;
  };
  const enough = Array.from({ length: left }, (_, pairs) => pairs).find((pairs) => widthWith(pairs) <= allowed);
  return enough ?? left;
}

/**
 * Pairs that were measured of what is verified; infinitely many where one of its runs failed or somebody took it away,
 * so that nobody buys it anew.
 */
function pairsMeasured(state: EngineState, nodeId: string): number {
  const asked = state.confirmation?.repeats[nodeId] ?? [];
  const rows = repeatsFor(state, nodeId, 'verification');
  const isWhole = rows.length > 0 && asked.every((id) => state.experiments[id]?.state.status === 'completed');
  return isWhole ? rows.length : Number.POSITIVE_INFINITY;
}
