/** What a simulated run asks of a decider, and what the decider may do: have jobs run. */
export interface Job {
  /** What a job of this true log speed measures. */
  measure: (speed: number) => number;
  /** How many there were. */
  count: () => number;
}

/**
 * Takes the true log speed of a candidate, measures it as it likes, and says whether it is the new incumbent. `again`:
 * the gains that it wants to see once more.
 */
export type Decide = ((speed: number, isReopened?: boolean) => boolean) & {
  claimed: () => number;
  again?: () => number[];
};
