/** What is due about a candidate whose odds decide (weighing.ts), as events. */
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { type ExperimentRow, HEADSPACE_ID } from '../run/experiment-record.js';
import { aboveCeiling, measuresCeilingsAgain } from './ceilings/ceiling-again.js';
import { isAboveHeadspace, kept } from './ceilings/keeping.js';
import type { Objective } from './compare.js';
import { isOverdue } from './incumbent/sentinels.js';
import {
  CONFIRMATION_PRIORITY,
  confirmationsOf,
  confirmRunsOf,
  disturbanceOf,
  isMeasurable,
  needsQuiet,
  repeats,
  verdictOn,
} from './measure-again.js';
import { KEPT_FROM, MOST_RUNS } from './odds.js';
import { goesOn, isProvisional, PROVISIONAL_UNTIL } from './provisional.js';
import { ceilingOf, expectedNoise, hasOpenRepeats, weighsRepeats } from './repeats.js';
import { type Weighed, weigh } from './weighing.js';

export function byOdds(
  state: EngineState,
  row: ExperimentRow,
  against: string,
  metric: Objective['metric'],
): EventBody[] {
  const { nodeId } = row;
  const verdict = verdictOn(nodeId, against);
  const asked = confirmationsOf(state, nodeId);
  // That a person or the end of a run took a repeat away says nothing of what it would have measured.
  const { ignoresCancelled } = state.confirmation!.rules;
  const repeated = ignoresCancelled ? asked.filter(({ state: now }) => now.status !== 'cancelled') : asked;
  const isFirstLook = goesOn(state) ? repeated.length === 0 : row.judged?.verdict !== 'repeat';
  const broken = repeated.find(({ state: now }) => now.status !== 'completed');
  if (broken) return [verdict(noLonger(state, row, against), `its repeat ${broken.nodeId} ${broken.state.status}`)];
  const disturbance = isFirstLook ? disturbanceOf(state, row, against) : 0;
  const weighed = weigh(state, nodeId, against, metric, disturbance);
  const { step } = weighed;
  // Odds of what a disturbed run may be on a quiet machine are a reason to measure it there, and nobody's to tell.
  const isTold = disturbance === 0 || step === 'drop';
  const reason = isTold ? weighed.reason : 'it ran beside other work, and may be faster than it shows';
  const gain = isTold ? weighed.gain : null;
  const measured = (of: string, count: number) => repeats(state, of, 'confirmation', CONFIRMATION_PRIORITY, count);
  const again = () => measured(nodeId, confirmRunsOf(state));
  const open = standing(state, row, weighed, disturbance);
  const undecided = (why = reason) => [
    verdict(open, why, gain),
    ...(open === 'provisional' && state.best === against ? [{ type: 'best_changed' as const, nodeId }] : []),
  ];
  // What could not win on a quiet machine either needs none.
  const isHopeless = weighsRepeats(state) && step === 'drop' && !mayWinQuietly(state, row, against, metric);
  if (!isFirstLook && !isHopeless && needsQuiet(state, repeated))
    return [...undecided('its repeats ran beside other work'), ...again()];
  // Runs beside other work do not count where one ran without: a machine that stays busy must not make a run endless.
  const { length: runs } = asked;
  if (runs >= MOST_RUNS && step !== 'keep' && step !== 'drop')
    return [
      verdict(
        noLonger(state, row, against),
        `not decided in ${runs} repeats, of which too few ran without other work: ${reason}`,
      ),
    ];
  switch (step) {
    case 'keep':
      if (isOverdue(state, against)) {
        if (hasOpenRepeats(state, against)) return isOtherwiseJudged(row, open, against) ? undecided() : [];
        if (isMeasurable(state, against))
          return [...undecided(), ...repeats(state, against, 'sentinel', CONFIRMATION_PRIORITY, 1)];
      }
      return kept(state, row, expectedNoise(state), { verdict, reason, gain });
    case 'drop':
      return [verdict(isFirstLook && !wasLookedAt(state, row) ? 'not_better' : noLonger(state, row, against), reason)];
    case 'measure incumbent':
      if (hasOpenRepeats(state, against)) return isOtherwiseJudged(row, open, against) ? undecided() : [];
      // One that cannot be measured, or not quietly, is taken as it is: what there is of the candidate decides.
      if (isMeasurable(state, against)) return [...undecided(), ...measured(against, 1)];
      return [...undecided(), ...again()];
    default:
      return [...undecided(), ...again()];
  }
}

/** Whether it may be worth another job if it is as much faster on a quiet machine as its disturbed repeats may be. */
function mayWinQuietly(state: EngineState, row: ExperimentRow, against: string, metric: Objective['metric']): boolean {
  const lost = confirmationsOf(state, row.nodeId).map((repeat) => disturbanceOf(state, repeat, against));
  return weigh(state, row.nodeId, against, metric, Math.max(0, ...lost)).step !== 'drop';
}

/** Its verdict while it is measured again. */
function standing(
  state: EngineState,
  row: ExperimentRow,
  { isReal, isApart }: Weighed,
  disturbance: number,
): 'provisional' | 'repeat' {
  if (!goesOn(state) || disturbance > 0) return 'repeat';
  if (isApart && !isProvisional(state, row.nodeId)) return 'repeat';
  if (isProvisional(state, row.nodeId)) return isReal >= PROVISIONAL_UNTIL ? 'provisional' : 'repeat';
  const isAbove = measuresCeilingsAgain(state)
    ? aboveCeiling(state, row.nodeId, ceilingOf(state, row.nodeId) ?? HEADSPACE_ID) !== null
    : isAboveHeadspace(state, row.nodeId, expectedNoise(state));
  return isReal > KEPT_FROM && !isAbove ? 'provisional' : 'repeat';
}

/** The verdict on one that looked better and is not. */
function noLonger(state: EngineState, { judged, wasProvisional }: ExperimentRow, against: string) {
  const isMoot = goesOn(state) && judged?.verdict === 'repeat' && judged.against !== against;
  if (isMoot) return 'superseded';
  return wasProvisional ? 'refuted' : 'reject';
}

function wasLookedAt(state: EngineState, { judged }: ExperimentRow): boolean {
  return goesOn(state) && (judged?.verdict === 'repeat' || judged?.verdict === 'provisional');
}

function isOtherwiseJudged({ judged }: ExperimentRow, open: string, against: string): boolean {
  return judged?.verdict !== open || judged.against !== against;
}
