/** How many rounds without a gain a run has had, and how many end it, in words. */

/** A run does not end by its patience before each best practice was tried: that is said where it matters. */
export function patienceText(facts: PlateauFacts): string {
  return `${facts.patience}${conditionText(facts)}`;
}

/**
 * "1 of 3". Of more than end the run "4 (3 end the run)": rounds that were planned beside one another end together, a
 * gain is taken back, and what is under way still ends.
 */
export function plateauCountText(facts: PlateauFacts): string {
  const { rounds, patience } = facts;
  if (rounds <= patience) return `${rounds} of ${patienceText(facts)}`;
  return `${rounds} (${patience} ${patience === 1 ? 'ends' : 'end'} the run${conditionText(facts)})`;
}

function conditionText({ rounds, patience, untried }: PlateauFacts): string {
  if (rounds < patience || untried.length === 0) return '';
  return ` once ${untried.join(' and ')} ${untried.length === 1 ? 'is' : 'are'} tried`;
}

interface PlateauFacts {
  rounds: number;
  patience: number;
  untried: readonly string[];
}
