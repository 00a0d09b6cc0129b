/** How many experiments of a run have ended, and how: the words of every report, picture and line that counts them. */
import { isRemeasurement } from '../belief/confirmation-state.js';
import { countRefused } from './approval.js';
import { type EngineState, type TallyShown, tallyShown } from './engine-state.js';

/** What is called pruned in files of a fixed format. */
export const ENDED_EARLY = 'ended early';

export interface Count {
  name: string;
  value: number;
}

/** What there is none of is left out. Only of a state that has all rows. */
export function endedCounts(state: EngineState): Count[] {
  return namedCounts({ ...tallyShown(state), refused: countRefused(state.experiments) });
}

/** The refused ones are among the cancelled ones of a tally. */
export function namedCounts(tally: TallyShown & { refused: number }): Count[] {
  const { completed, failed, pruned, duplicates, cancelled, refused } = tally;
  return [
    { name: 'completed', value: completed },
    { name: 'failed', value: failed },
    { name: ENDED_EARLY, value: pruned },
    { name: duplicates === 1 ? 'duplicate' : 'duplicates', value: duplicates },
    { name: 'refused', value: refused },
    { name: 'cancelled', value: cancelled - refused },
  ].filter(({ value }) => value > 0);
}

/** "4 completed (2 of them repeats), 1 failed, 1 refused". */
export function endedText(state: EngineState): string {
  const counts = endedCounts(state).map(
    ({ name, value }) => `${value} ${name}${name === 'completed' ? repeatsText(state) : ''}`,
  );
  return counts.length === 0 ? '0 completed' : counts.join(', ');
}

/** " (41 of them repeats)": tables show what repeats say with what they repeat. '' where there are none. */
function repeatsText({ experiments }: EngineState): string {
  const repeats = Object.values(experiments).filter((row) => row.state.status === 'completed' && isRemeasurement(row));
  return repeats.length === 0 ? '' : ` (${repeats.length} of them repeats)`;
}
