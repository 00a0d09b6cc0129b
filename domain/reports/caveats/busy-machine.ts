/** What a reader must know of a run whose jobs shared the machine with other work. */
import { confidenceOf, wasDisturbed } from '../../belief/repeats.js';
import type { EngineState } from '../../run/engine-state.js';
import { percent } from '../quantity-text.js';

/** From this share of disturbed runs on, the run as a whole is in doubt, and not only single results. */
const MANY = 0.5;
/** Two or three runs are disturbed now and then on any machine. */
const LEAST_RUNS = 4;

/** Null where most runs had the machine to themselves. */
export function busyMachineText(state: EngineState): string | null {
  const measured = Object.values(state.experiments).filter((row) => row.state.status === 'completed');
  const disturbed = measured.filter(wasDisturbed).length;
  if (disturbed < LEAST_RUNS || disturbed < MANY * measured.length) return null;
  const known = confidenceOf(state);
  const blind = known
    ? `: a single run is off by ${percent(known.noise)}, and gains below ${percent(known.least)} could not be told`
    : '';
  return `Other work was busy on the machine beside ${disturbed} of ${measured.length} measured jobs${blind}.`;
}
