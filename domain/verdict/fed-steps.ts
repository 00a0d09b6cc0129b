/**
 * Whether the steps that a baseline printed can have been fed by what its pipeline gave. Later runs are held against
 * the baseline (clock-agreement.ts); the baseline itself only against SPDL's own count at the sink, in rough terms: a
 * loop that iterates over a list, or another loop than the one that trains, is wrong by orders of magnitude.
 */
import type { Evidence } from '../evidence/evidence.js';

/**
 * Measured with SPDL 0.8: in 18 jobs of five of test/cases, timed rightly, the printed rate was 0.67 to 1.23 times what
 * the sink gave; a loop over windows of four that had been fetched before printed 17 times it, with a step of 0.1 ms
 * for 8 ms of fetching. Training in bursts is the reason to stay far above 1: where evaluation and checkpoints outside
 * of the loop take seven eighths of the time, a right rate is 8 times the sink's mean.
 */
const TOLERANCE = 8;
/** Rates of fewer steps say little. */
const FEWEST_STEPS = 10;

/**
 * Why the printed steps are not those of the loop that takes the sink's items, in a sentence; null where nothing says
 * so.
 */
export function unfedSteps({ delivered, metrics, steps, stages }: Evidence): string | null {
  const stepMs = metrics.step_time_ms;
  if (!delivered || stepMs === null || stepMs <= 0 || steps.count < FEWEST_STEPS) return null;
  const items = stages.reduce((sum, { isSink, numItems = 0 }) => sum + (isSink ? numItems : 0), 0);
  // An item may be cut into several steps on its way to the loop.
  const stepsPerItem = items > 0 ? Math.max(1, steps.count / items) : 1;
  const possible = delivered.itemsPerS * stepsPerItem;
  const printed = 1000 / stepMs;
  if (printed <= possible * TOLERANCE) return null;
  return (
    `the job printed ${show(printed)} steps a second, but by SPDL's own count its pipeline can feed only ${show(possible)}: ` +
    'what is timed is not the loop that waits for the data (a list that was fetched before, or an evaluation loop)'
  );
}

function show(value: number): string {
  return value.toPrecision(3);
}
