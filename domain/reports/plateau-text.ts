/** How many rounds without a gain a run has patience for, in words. */

/** A run does not end by its patience before each best practice was tried: that is said where it matters. */
export function patienceText({ rounds, patience, untried }: PlateauFacts): string {
  if (rounds < patience || untried.length === 0) return String(patience);
  return `${patience} once ${untried.join(' and ')} ${untried.length === 1 ? 'is' : 'are'} tried`;
}

interface PlateauFacts {
  rounds: number;
  patience: number;
  untried: readonly string[];
}
