/**
 * What a run keeps in mind to believe its numbers: which experiments repeat which, which results wait for repeats, and
 * what was decided about them. Small, as it stands in the engine's state.
 */
import type { ExperimentRow } from '../run/experiment-record.js';

/**
 * How much a run spends on belief; all zero (as in runs from before there were repeats) takes any better result at
 * once.
 */
export interface ConfirmationRules {
  /** Repeats of the baseline after its first run. */
  calibrationRuns: number;
  /** Repeats of a promising experiment between two looks at its result. */
  confirmRuns: number;
  /** Pairs of repeats, baseline and winner in turn, before the run ends. */
  verifyRuns: number;
  /** The relative gain that is worth having; null = by the noise of a run. */
  minImprovement: number | null;
  /**
   * Whether a run with cached data that is clearly slower than the baseline bounds nothing; absent in older runs, where
   * it did.
   */
  doubtsLowCeilings?: true;
  /** Whether candidates are decided by their odds (odds.ts); absent in older runs, where intervals decided. */
  weighsOdds?: true;
  /**
   * Whether the search goes on while candidates are not decided, from one that is better by more than luck explains;
   * absent in older runs, where it waited.
   */
  goesOnUndecided?: true;
  /**
   * Whether a run with cached data is measured again where a result stands above it, it was disturbed, or the run would
   * end by it; absent in older runs, where one run of it bounded all.
   */
  measuresCeilingsAgain?: true;
  /**
   * Whether experiments that build on the incumbent tell of its speed as well (told-by-children.ts); absent in older
   * runs, where its own runs alone did.
   */
  heedsChildren?: true;
  /** Whether the incumbent is measured now and then to find drifts of the machine; absent in older runs. */
  watchesDrift?: true;
  /** Whether small gains are put together before a run ends (domain/schedule/bundles.ts); absent in older runs. */
  bundlesSmallGains?: true;
  /**
   * Whether a repeat is bought only where what it may show can decide (prospects.ts), and a machine that stays busy is
   * not waited for; absent in older runs, where candidates went on while their gains would have been worth it. Verdicts
   * against a provisional best that has fallen are told anew by it, too.
   */
  weighsRepeats?: true;
  /**
   * Whether the winner is verified only as far as the interval of its gain asks for it (verification-pairs.ts): where a
   * person gave no number; absent in older runs.
   */
  verifiesAsNeeded?: true;
  /**
   * Whether the interval is looked at once more after the pairs that it was to take, and another pair is measured while
   * it is wide; absent in older runs, whose first guess of the pairs was the last.
   */
  verifiesUntilClose?: true;
  /**
   * Whether the winner is verified also where the number of experiments keeps some back in the queue; absent in older
   * runs, which ended without it.
   */
  verifiesAtLimits?: true;
  /**
   * Whether new experiments leave the last jobs of `--max-jobs` to the repeats of a provisional best; absent in older
   * runs, which ended without deciding it.
   */
  keepsJobsToDecide?: true;
  /**
   * Whether a second run of the baseline that agrees with the first is calibration enough: where a person gave no
   * number; absent in older runs.
   */
  calibratesAsNeeded?: true;
  /**
   * Whether a repeat that was cancelled leaves open what it was to decide; absent in older runs, where it counted
   * against the candidate.
   */
  ignoresCancelled?: true;
  /**
   * Whether gains far above the usual sizes are expected as well, and a keep asks for higher odds (odds.ts); absent in
   * older runs.
   */
  expectsLargeGains?: true;
  /**
   * Whether a planner that takes a few seconds, or a small share of a job's time, is asked once results are in; absent
   * in older runs, where one that takes more than half a second planned before them to keep every slot busy.
   */
  plansBetweenJobs?: true;
  /**
   * Whether a repeat that other jobs go before waits also for new experiments that are queued, where preparing one
   * takes moments; absent in older runs, where it took the slot in the moment between a plan and what that proposed.
   */
  waitsForQueued?: true;
}

export const DEFAULT_CONFIRMATION: ConfirmationRules = {
  calibrationRuns: 2,
  confirmRuns: 1,
  verifyRuns: 2,
  minImprovement: null,
};

export interface Confirmation {
  rules: ConfirmationRules;
  /** Node ids of the repeats of an experiment, in the order in which they were queued; removed ones stay. */
  repeats: Record<string, string[]>;
  /** For an experiment whose model step differs, the headspace experiment on its own code. */
  ceilings: Record<string, string>;
  /** Measured experiments about which nothing final was decided, in the order of their ends. */
  candidates: string[];
  /** The winner that was measured against the baseline before the end, null before. */
  verified: string | null;
  /** Repeats and ceilings that have ended: no experiments of the search. */
  ended: number;
  /** Of those, the ones that other work on the machine disturbed; absent before there was one. */
  spoiled?: number;
  /** Of repeats whose rows an engine has left behind (carried-state.ts); absent before. */
  past?: PastNoise;
  /** In the order in which they were found; absent where the machine is as fast as it was. */
  drifts?: Drift[];
  /** Experiments whose small gains were put together, once for each bundle, removed ones included; absent before. */
  bundled?: string[];
}

/** The machine became faster or slower, as two sentinels of an experiment agree. */
export interface Drift {
  nodeId: string;
  /** In log speed: above 0 it is faster than before. */
  by: number;
  /** Numbers of the ends (`endedSeq`) of its last run before, and of its first one after. */
  afterSeq: number;
  fromSeq: number;
}

/** Sums over repeated experiments, from which the noise of a run is pooled (noise.ts). */
export interface PastNoise {
  squares: number;
  degrees: number;
  /** Of the relative standard errors within jobs. */
  stepSquares: number;
  stepRuns: number;
}

export function newConfirmation(rules: ConfirmationRules): Confirmation {
  return { rules, repeats: {}, ceilings: {}, candidates: [], verified: null, ended: 0 };
}

/** A measurement of what is there already: it belongs to no plan, and no limit of the search counts it. */
export function isRemeasurement({ origin }: Pick<ExperimentRow, 'origin'>): boolean {
  return origin.from === 'repeat' || origin.from === 'ceiling';
}

/** How many of them measure again what is there already: people are told of those apart from the experiments. */
export function countRemeasurements(experiments: Readonly<Record<string, ExperimentRow>>): number {
  return Object.values(experiments).filter(isRemeasurement).length;
}

/** Whether an ended experiment is one that could become the best. */
export function isCandidate(row: ExperimentRow): boolean {
  return (
    row.state.status === 'completed' && !isRemeasurement(row) && row.kind !== 'baseline' && row.kind !== 'headspace'
  );
}
