/**
 * What an experiment is worth, decided once: every table, picture, text and prompt takes its value, its gain and its
 * verdict from here, so that a run has one story wherever it is told.
 */
import { type Objective, speedup, withObjective } from '../belief/compare.js';
import type { GainInterval, Verdict } from '../belief/judgement.js';
import { provenBest } from '../belief/proven-gain.js';
import { typicalObjective, valueRunsOf } from '../belief/value.js';
import type { Metrics } from '../evidence/metrics.js';
import { isSetApart } from '../proposals/work-effect.js';
import type { EngineState } from '../run/engine-state.js';
import { BASELINE_ID } from '../run/experiment-record.js';

export interface Standing {
  /**
   * What it is believed to do (domain/belief/value.ts). Of a best that was verified it is the value in the runs that
   * verify it, so that value, baseline and gain fit together.
   */
  objective: Objective | null;
  /** How many of its runs the value is told from. */
  runs: number;
  /**
   * Times the baseline's speed: as proven where that is known, else by the values shown; null without a baseline, and
   * of what does other work by design.
   */
  gain: number | null;
  /** The proven gain with its interval: of the best alone, after repeats. */
  proven: GainInterval | null;
  /** Null while it is open, and in runs that confirm nothing. */
  verdict: Verdict | null;
  /** The experiment looked better than it is believed to be: nobody should take its gain for one. */
  isDoubted: boolean;
  /** Its number is above that of the best, though what was measured does not show that it is faster. */
  isAboveBest: boolean;
}

/** What is told as if its number were below that of the best; what is set apart is told with its own reason. */
const CALLED_NO_BETTER: readonly (Verdict | null)[] = ['not_better', 'reject', 'refuted', 'superseded', 'keep'];

/** Below this two numbers are one, but for how they were added up. */
const SAME_NUMBER = 1 + 1e-9;

/** A reader of standings for one state: the baseline and the proven gain are looked up once. */
export function standingsOf(state: EngineState): (nodeId: string) => Standing {
  const baseline = typicalObjective(state, BASELINE_ID);
  const proven = provenBest(state);
  const best = proven ? proven.objective : state.best === null ? null : typicalObjective(state, state.best);
  return (nodeId) => {
    const own = nodeId === state.best ? proven : null;
    const objective = own ? own.objective : typicalObjective(state, nodeId);
    const row = state.experiments[nodeId];
    const verdict = row?.judged?.verdict ?? null;
    const isApart = row !== undefined && isSetApart(row);
    return {
      objective,
      runs: own ? own.runs : objective ? valueRunsOf(state, nodeId, objective.metric).length : 0,
      gain: own ? 1 + own.gain.gain : isApart ? null : speedup(objective, baseline),
      proven: own?.gain ?? null,
      verdict,
      isDoubted: verdict !== null && verdict !== 'keep' && verdict !== 'not_better',
      isAboveBest: CALLED_NO_BETTER.includes(verdict) && (speedup(objective, best) ?? 1) > SAME_NUMBER,
    };
  };
}

/**
 * The metrics of a completed experiment with the value that every text tells of it; the others are of its own run. Null
 * for every other.
 */
export function standingMetrics(state: EngineState, nodeId: string): Metrics | null {
  const now = state.experiments[nodeId]?.state;
  if (now?.status !== 'completed') return null;
  const { objective } = standingsOf(state)(nodeId);
  return objective ? withObjective(now.metrics, objective) : now.metrics;
}

/** Below this a difference from the baseline is not called a gain. */
const WORTH_NAMING = 1.01;

/**
 * What reports list as worked: where results are confirmed what was confirmed, else what a single run showed, over the
 * baseline and over what it builds on (`start`, in times the baseline; null where that is not known).
 */
export function isWorthNaming(
  { gain, start, verdict }: { gain: number | null; start: number | null; verdict: Verdict | null },
  confirms: boolean,
): boolean {
  if (gain === null || gain < WORTH_NAMING) return false;
  return verdict === null ? !confirms && gain >= WORTH_NAMING * (start ?? 1) : verdict === 'keep';
}
