/**
 * When the run with cached data is measured again. One run of it bounds all others: where it was disturbed, where a
 * result stands above it, or where the run would end by it, either that bound is wrong or something else is, and a
 * second run of it tells which.
 */
import type { EngineState } from '../../run/engine-state.js';
import type { EventBody } from '../../run/event-types.js';
import { HEADSPACE_ID } from '../../run/experiment-record.js';
import { jobsLeft } from '../../schedule/counted.js';
import { objectiveOfRow } from '../compare.js';
import { MOST_DISTURBED_REPEATS } from '../contention.js';
import { repeats, verdictOn } from '../measure-again.js';
import { mean } from '../noise.js';
import {
  ceilingOf,
  everyRunOf,
  expectedNoise,
  isDoubtedCeiling,
  repeatRows,
  staysBusy,
  wasDisturbed,
} from '../repeats.js';
import { chanceAbove } from './ceiling.js';

/** Before what is compared with it. */
const PRIORITY = -900;
/** A result that is this likely to be above its ceiling is no best, and reason enough to measure the ceiling again. */
const SUSPECT_FROM = 0.95;

export function measuresCeilingsAgain({ confirmation }: EngineState): boolean {
  const { measuresCeilingsAgain: isRule, weighsOdds, confirmRuns = 0 } = confirmation?.rules ?? {};
  return isRule === true && weighsOdds === true && confirmRuns > 0;
}

/** What is due while the run goes on and nothing is being calibrated. */
export function ceilingEvents(state: EngineState): EventBody[] {
  if (!measuresCeilingsAgain(state)) return [];
  const headspace = state.experiments[HEADSPACE_ID];
  // Once: where the machine stays busy, it is asked again only when something depends on it.
  const isQuieter = !staysBusy(state);
  if (headspace && isQuieter && wasDisturbed(headspace) && repeatRows(state, HEADSPACE_ID).length === 0) {
    const events = ceilingAgain(state, HEADSPACE_ID);
    if (events.length > 0) return events;
  }
  for (const nodeId of state.confirmation?.candidates ?? []) {
    const above = aboveCeiling(state, nodeId, ceilingOf(state, nodeId));
    const events = above === null ? [] : ceilingAgain(state, above.ceiling);
    if (above !== null && events.length > 0)
      return [verdictOn(nodeId, state.best)('repeat', `${above.text}: that one is measured again first`), ...events];
  }
  return [];
}

/** Another run of a ceiling, as long as it may tell more. */
export function ceilingAgain(state: EngineState, ceiling: string): EventBody[] {
  const own = state.experiments[ceiling];
  if (own?.state.status !== 'completed' || jobsLeft(state) <= 0) return [];
  const asked = state.confirmation?.repeats[ceiling] ?? [];
  const rows = repeatRows(state, ceiling);
  // One that failed, or that a person took away, would be so again.
  if (rows.length < asked.length || rows.some(({ state: now }) => now.status !== 'completed')) return [];
  const quiet = [own, ...rows].filter((row) => !wasDisturbed(row)).length;
  const mayTellMore = quiet < 2 && rows.length < MOST_DISTURBED_REPEATS;
  return mayTellMore ? repeats(state, ceiling, 'calibration', PRIORITY, 1) : [];
}

interface AboveCeiling {
  ceiling: string;
  /** "it is faster than 000_headspace, which loads no data at all, by 39%". */
  text: string;
}

/**
 * Whether an experiment is faster than a ceiling with this probability at least; null where it is not, or where none is
 * known.
 */
export function aboveCeiling(
  state: EngineState,
  nodeId: string,
  ceiling: string | null,
  from = SUSPECT_FROM,
): AboveCeiling | null {
  const metric = objectiveOfRow(state.experiments[nodeId])?.metric;
  if (ceiling === null || metric === undefined || isDoubtedCeiling(state, ceiling)) return null;
  const [own, bound] = [everyRunOf(state, nodeId, metric), everyRunOf(state, ceiling, metric)];
  if (own.length === 0 || bound.length === 0 || chanceAbove(own, bound, expectedNoise(state)) < from) return null;
  const by = Math.round(100 * Math.expm1(mean(own) - mean(bound)));
  return { ceiling, text: `it is faster than ${ceiling}, which loads no data at all, by ${by}%` };
}
