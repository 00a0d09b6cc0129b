/** The activity `tellEngine`: an experiment's report, delivered to the engine of its own run. */
import type { Activities } from './contract.js';
import type { EngineMailbox } from './engine-mailbox.js';
import { ownRun, type RunContext } from './run-context.js';

export function makeTellEngine(deps: { context: RunContext; mailbox: EngineMailbox }): Activities['tellEngine'] {
  return async (input) => {
    ownRun(deps.context, input);
    await deps.mailbox.deliver(input.report);
  };
}
