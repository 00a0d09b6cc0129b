/** The state that an earlier engine of this run left in the event log. */
import { carriedState } from '../domain/carried-state.js';
import type { Activities } from './contract.js';
import { ownLog, ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';

export function makeLoadState(deps: { context: RunContext; runLog: RunLog }): Activities['loadState'] {
  return async (input) => {
    ownRun(deps.context, input);
    await ownLog(deps.context, input, 'begins');
    const state = await deps.runLog.state();
    return state.seq === 0 ? null : carriedState(state);
  };
}
