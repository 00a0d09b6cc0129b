/** The state that an earlier engine of this run left in the event log. */

import type { Activities } from '../domain/protocol/activities.js';
import { carriedState } from '../domain/run/carried-state.js';
import type { RunLog } from '../workdir/event-log.js';
import { ownLog, type RunContext } from '../workdir/run-context.js';

export function makeLoadState(deps: { context: RunContext; runLog: RunLog }): Activities['loadState'] {
  return async (input) => {
    await ownLog(deps.context, input, 'begins');
    const state = await deps.runLog.state();
    return state.seq === 0 ? null : carriedState(state);
  };
}
