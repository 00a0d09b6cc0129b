/** Before a run ends because its best is as fast as cached data, that bound is measured once more. */
import type { EngineState } from '../../run/engine-state.js';
import type { EventBody } from '../../run/event-types.js';
import { endOfRun, seedsTerminal } from '../../schedule/planning.js';
import { ceilingOf } from '../repeats.js';
import { ceilingAgain, measuresCeilingsAgain } from './ceiling-again.js';

export function ceilingBeforeEnd(state: EngineState): EventBody[] {
  const { best, open, planningSince, status } = state;
  if (!measuresCeilingsAgain(state) || status !== 'running' || open.length > 0 || planningSince !== null) return [];
  if (best === null || !seedsTerminal(state) || endOfRun(state)?.reason !== 'headspace_reached') return [];
  const ceiling = ceilingOf(state, best);
  return ceiling === null ? [] : ceilingAgain(state, ceiling);
}
