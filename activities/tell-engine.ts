/** The activity `tellEngine`: an experiment's report, delivered to the engine of its own run. False when none is open. */
import type { EngineState } from '../domain/engine-state.js';
import { freeSlots } from '../domain/policies/scheduling.js';
import type { Activities, ExperimentReport } from './contract.js';
import type { EngineMailbox } from './engine-mailbox.js';
import { ownRun, type RunContext } from './run-context.js';
import type { RunLog } from './run-log.js';

export function makeTellEngine(deps: {
  context: RunContext;
  runLog: Pick<RunLog, 'state'>;
  mailbox: EngineMailbox;
}): Activities['tellEngine'] {
  return async (input) => {
    ownRun(deps.context, input);
    const canWait = waits(input.report, await deps.runLog.state());
    return await deps.mailbox.deliver(input.report, { canWait });
  };
}

/** A prepared experiment gets a slot when a job ends: that report takes this one with it. */
function waits(report: ExperimentReport, state: EngineState): boolean {
  return report.type === 'prepared' && freeSlots(state).length === 0;
}
