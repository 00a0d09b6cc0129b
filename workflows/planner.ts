/** One planning call at a time, never on the path of a running job: asks, and records what came of it. */
import { isCancellation } from '@temporalio/workflow';
import type { Money } from '../domain/run/event-types.js';
import { followUpNodeId } from '../domain/run/experiment-record.js';
import { spentOfFailure } from '../domain/run/ledger.js';
import { settlement } from '../domain/schedule/settlement.js';
import * as activities from './activity-options.js';
import { failureFrom } from './failure-value.js';
import { isLeft, untilGoingOn } from './going-on.js';
import type { Journal } from './journal.js';

export class Planner {
  isPlanning = false;

  constructor(private readonly journal: Journal) {}

  async plan(money: Money): Promise<void> {
    const { journal } = this;
    const { state } = journal;
    this.isPlanning = true;
    const iteration = state.iteration + 1;
    journal.record({ type: 'planning_started', iteration, money });
    try {
      const throughSeq = state.seq;
      await journal.flushed();
      if (isLeft(state)) await untilGoingOn(state);
      const { proposals, spent, ...reply } = await activities.agent.plan({ run: state.run, iteration, throughSeq });
      const accepted: string[] = [];
      for (const { index, ...proposal } of proposals) {
        const nodeId = followUpNodeId(state.nextCounter, proposal.name);
        const origin = { from: 'plan', iteration, index } as const;
        journal.record({ type: 'experiment_added', experiment: { ...proposal, nodeId, kind: 'planned', origin } });
        accepted.push(nodeId);
      }
      journal.record({
        type: 'plan_received',
        iteration,
        accepted,
        ...reply,
        money: settlement('plan', spent, String(iteration)),
      });
    } catch (error) {
      if (!isCancellation(error)) {
        const record = failureFrom(error, 'planning_failed');
        const money = settlement('plan', spentOfFailure(record), String(iteration));
        journal.record({ type: 'planning_failed', iteration, failure: record, money });
      }
    } finally {
      this.isPlanning = false;
      journal.wake();
    }
  }
}
