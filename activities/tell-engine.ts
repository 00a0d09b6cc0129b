/**
 * The activity `tellEngine`: an experiment's report, delivered to the engine of its own run. False when none is open.
 */

import type { Activities, ExperimentReport } from '../domain/protocol/activities.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { freeSlots } from '../domain/schedule/scheduling.js';
import type { RunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import type { EngineMailbox } from './engine-mail/engine-mailbox.js';

export function makeTellEngine(deps: {
  context: RunContext;
  runLog: Pick<RunLog, 'state'>;
  mailbox: EngineMailbox;
}): Activities['tellEngine'] {
  return async (input) => {
    const canWait = waits(input.report, await deps.runLog.state());
    return await deps.mailbox.deliver(input.report, { canWait });
  };
}

/** A prepared experiment gets a slot when a job ends: that report takes this one with it. */
function waits(report: ExperimentReport, state: EngineState): boolean {
  return report.type === 'prepared' && freeSlots(state).length === 0;
}
