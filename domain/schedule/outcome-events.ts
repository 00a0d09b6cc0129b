/** An experiment's outcome as events. Repeated outcomes of an ended or removed experiment say nothing new. */

import type { Result } from '../evidence/metrics.js';
import type { EngineState } from '../run/engine-state.js';
import type { EventBody } from '../run/event-types.js';
import { isTerminal, type JobFacts } from '../run/experiment-record.js';
import type { Failure } from '../run/failure.js';
import type { PaidPhase, Spent } from '../run/ledger.js';

export type Outcome =
  | { type: 'completed'; result: Result; job: JobFacts }
  | { type: 'failed' | 'cancelled'; failure: Failure; job: Partial<JobFacts> }
  | { type: 'withdrawn' };

/**
 * An outcome and what the experiment's last agent call cost. `paidFor` names its phase: one that went back to before
 * its end of preparation (by a reset) may tell a cost that the engine has heard of. Absent in reports of earlier
 * versions.
 */
export type OutcomeReport = Outcome & { spent: Spent; paidFor?: PaidPhase };

export function outcomeEvents(state: EngineState, nodeId: string, outcome: Outcome): EventBody[] {
  const row = state.experiments[nodeId];
  if (!row || isTerminal(row)) return [];
  switch (outcome.type) {
    case 'completed':
      return [{ type: 'experiment_completed', nodeId, result: outcome.result, job: outcome.job }];
    case 'failed':
      return [{ type: 'experiment_failed', nodeId, failure: outcome.failure, job: outcome.job }];
    case 'cancelled':
      return [{ type: 'experiment_cancelled', nodeId, failure: outcome.failure, job: outcome.job }];
    case 'withdrawn':
      return row.state.status === 'queued' ? [] : [{ type: 'experiment_requeued', nodeId }];
  }
}
