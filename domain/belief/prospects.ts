/**
 * What further jobs of a candidate may show. A repeat is worth its job only where its result can end in a keep: odds
 * that stand at 50% after ten runs will stand there after eleven, whatever the gain would be worth. So the next jobs
 * are thought through: with what probability do the odds reach a keep after one more, after two, and so on, and what
 * has each of them brought then?
 *
 * `node bench/believable.mjs` shows error rates and cost; the numbers below were chosen by it.
 */
import { mean, type Noise } from './noise.js';
import { normalCdf } from './normal.js';
import {
  type Belief,
  type Expectation,
  momentsOf,
  type Odds,
  oddsBetween,
  type Step,
  USUAL_GAINS,
  varianceOfARun,
} from './odds.js';

/** How many further jobs are thought through. */
const LOOKS_AT: readonly number[] = [1, 2, 3, 4, 6, 8, 12];
/** Below this nothing is measured again. */
const HOPELESS_BELOW = 0.015;
/** After so many runs a gain that does not show is not worth finding. */
export const MOST_RUNS_AHEAD = 16;
/** What a job must promise to bring, in log speed: a constant part, and a share of what a run is off by. */
const WORTH_OF_A_JOB = 0.00025;
const WORTH_BY_NOISE = 0.002;

/** The expected gain in log speed of a keep, and the jobs that it takes. */
export interface Prospect {
  gain: number;
  jobs: number;
}

export interface Compared {
  /** Log speeds of the candidate's runs; one at least. */
  runs: readonly number[];
  incumbent: Belief;
  /** Whether the incumbent cannot be measured again. */
  isFixed: boolean;
  noise: Noise;
  /** The relative gain that is worth having. */
  least: number;
  /** Absent in runs that expect usual gains only. */
  expected?: Expectation;
}

/** What to do about a candidate with these odds, which follow from what is compared. */
export function stepByProspect(odds: Odds, compared: Compared, { gain, jobs }: Prospect): Step {
  const { runs, incumbent, isFixed, noise, expected = USUAL_GAINS } = compared;
  if (runs.length > 1 && odds.isReal > expected.keptFrom) return 'keep';
  if (odds.isReal < HOPELESS_BELOW || runs.length >= MOST_RUNS_AHEAD) return 'drop';
  const ofARun = varianceOfARun(noise);
  if (gain / jobs < WORTH_OF_A_JOB + WORTH_BY_NOISE * Math.sqrt(ofARun)) return 'drop';
  return !isFixed && incumbent.variance > ofARun / runs.length ? 'measure incumbent' : 'measure candidate';
}

/** That number of further jobs which brings most for each of them. */
export function prospectOf(
  odds: Odds,
  { runs, incumbent, isFixed, noise, least, expected = USUAL_GAINS }: Compared,
): Prospect {
  const ofARun = varianceOfARun(noise);
  const difference = mean(runs) - incumbent.mean;
  const size = momentsOf(odds.gain);
  let [own, others] = [ofARun / runs.length, incumbent.variance];
  const variance = own + others;
  let best: Prospect = { gain: 0, jobs: 1 };
  for (let jobs = 1; jobs <= LOOKS_AT.at(-1)!; jobs += 1) {
    // The side that is known less exactly is measured.
    if (others > own && !isFixed) others = 1 / (1 / others + 1 / ofARun);
    else own = 1 / (1 / own + 1 / ofARun);
    if (!LOOKS_AT.includes(jobs)) continue;
    // Where the measured difference will be by then if the gain is real, and how much that varies.
    const left = own + others;
    const told = 1 / left - 1 / variance;
    const middle = left * (difference / variance + told * size.mean);
    const sd = left * Math.sqrt(told + told ** 2 * size.variance);
    const gain = odds.isReal * size.mean * normalCdf((middle - differenceToKeep(own, others, least, expected)) / sd);
    if (gain / jobs > best.gain / best.jobs) best = { gain, jobs };
  }
  return best;
}

/** From which measured difference in log speed on a candidate is kept, where the sides have these variances. */
function differenceToKeep(own: number, others: number, least: number, expected: Expectation): number {
  let [low, high] = [0, LARGEST_TO_KEEP];
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    const { isReal } = oddsBetween({ mean: middle, variance: own }, { mean: 0, variance: others }, least, expected);
    if (isReal > expected.keptFrom) high = middle;
    else low = middle;
  }
  return high;
}

const LARGEST_TO_KEEP = 3;
const HALVINGS = 14;
