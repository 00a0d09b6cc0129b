/** What a reader must know of a run whose jobs shared the machine with other work. */
import { confidenceOf, staysBusy, takesAsTheyAre, wasDisturbed } from '../../belief/repeats.js';
import type { EngineState } from '../../run/engine-state.js';
import { percent } from '../quantity-text.js';

/** From this share of disturbed runs on, the run as a whole is in doubt, and not only single results. */
const MANY = 0.5;
/** Two or three runs are disturbed now and then on any machine. */
const LEAST_RUNS = 4;

/** Where runs beside other work are taken as they are, instead of being measured again; a list for Markdown. */
export function takenAsTheyAre(state: EngineState): string[] {
  const spoiled = Object.keys(state.confirmation?.repeats ?? {}).filter((nodeId) => takesAsTheyAre(state, nodeId));
  if (staysBusy(state))
    return [
      '- The machine stayed busy: what ran beside other work is taken as it is, and not measured again for that.',
    ];
  return spoiled.map(
    (nodeId) => `- Other work spoiled the repeats of ${nodeId}, which are taken as they are, and not bought again.`,
  );
}

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
