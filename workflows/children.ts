/** The experiments' workflows as the engine handles them: started, told, and listened to. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowFailure,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  patched,
  type SignalDefinition,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import type { ExperimentOutcome } from '../domain/protocol/activities.js';
import { isKnownGranted } from '../domain/protocol/lost-messages.js';
import {
  type ExperimentInput,
  reportEndSignal,
  slotGrantedSignal,
  withdrawSignal,
} from '../domain/protocol/messages.js';
import { rowOf } from '../domain/run/engine-state.js';
import type { ExperimentIdentity } from '../domain/run/experiment-record.js';
import { NOTHING_SPENT } from '../domain/run/ledger.js';
import { experimentWorkflowId } from '../domain/run/naming.js';
import type { experimentWorkflow } from './experiment.js';
import { failureFrom } from './failure-value.js';
import type { Journal } from './journal.js';

export class Children {
  /** Starts and signals on their way: the engine does not continue as new before they have arrived. */
  inFlight = 0;
  /** Starts on their way: a message to such an experiment waits for it. */
  private readonly starting = new Map<string, Promise<void>>();

  constructor(
    private readonly run: string,
    private readonly heard: {
      outcome(nodeId: string, outcome: ExperimentOutcome): void;
      /** The experiment's workflow runs already: an earlier run of the engine started it, and hears its end. */
      foundRunning(nodeId: string): void;
      /** The experiment's workflow closed without an outcome: somebody terminated or reset it. */
      closed(nodeId: string, reason: string): void;
    },
    private readonly journal: Journal,
    private readonly askMs: number,
  ) {}

  isStarting(nodeId: string): boolean {
    return this.starting.has(nodeId);
  }

  /** Shielded from the engine's own cancellation, and abandoned when the engine closes: it lives on by itself. */
  start(experiment: ExperimentIdentity, slot: number | null): void {
    const { nodeId } = experiment;
    const input: ExperimentInput = { run: this.run, experiment, slot, askMs: this.askMs };
    const started = this.track(async () => {
      try {
        // Its activities read from the workdir what it is: that must stand there first.
        await this.journal.flushed();
        const child = await startChild<typeof experimentWorkflow>('experimentWorkflow', {
          workflowId: experimentWorkflowId(this.run, nodeId),
          args: [input],
          parentClosePolicy: ParentClosePolicy.ABANDON,
          workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
          staticSummary: `${experiment.kind}: ${experiment.name}`,
        });
        void this.listen(nodeId, child.result());
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) {
          this.heard.foundRunning(nodeId);
          return;
        }
        this.heard.outcome(nodeId, {
          type: 'failed',
          failure: failureFrom(error, 'unexpected_exception'),
          job: {},
          spent: NOTHING_SPENT,
        });
      }
    });
    this.starting.set(nodeId, started);
    void started.then(() => this.starting.delete(nodeId));
  }

  /** Resolves when it has the message, or has ended. */
  tell<Args extends unknown[]>(nodeId: string, signal: SignalDefinition<Args>, ...args: Args): Promise<void> {
    return this.track(async () => {
      await this.starting.get(nodeId);
      try {
        await getExternalWorkflowHandle(experimentWorkflowId(this.run, nodeId)).signal(signal, ...args);
      } catch {
        // The experiment has ended meanwhile: its outcome arrives by result or look-up.
      }
    });
  }

  /** The slot's job reads from the workdir what it is to run: that stands there first. `seq`: of a new grant. */
  grantSlot(nodeId: string, slot: number, seq?: number): void {
    void this.track(async () => {
      await this.journal.flushed();
      if (seq !== undefined && this.journal.takeTold(seq)) return;
      // The engine was put back meanwhile, and lets it wait again.
      if (!isKnownGranted(this.journal.state, nodeId) && patched('grants-nothing-that-waits-again')) return;
      await this.tell(nodeId, slotGrantedSignal, { slot });
    });
  }

  /** Experiments that another run of the engine started: from now on their end is reported, or can be looked up. */
  async adopt(nodeIds: readonly string[]): Promise<void> {
    await Promise.all(nodeIds.map((nodeId) => this.tell(nodeId, reportEndSignal)));
  }

  /** What has not launched yet gives up its preparation and waits in the queue again. */
  withdrawPrepared(): void {
    const { state } = this.journal;
    for (const nodeId of state.open) {
      const { status } = rowOf(state, nodeId).state;
      if (status === 'preparing' || status === 'ready') void this.tell(nodeId, withdrawSignal);
    }
  }

  /** The result is how an end becomes known; it also tells of a child that somebody terminated. */
  private async listen(nodeId: string, result: Promise<ExperimentOutcome>): Promise<void> {
    try {
      this.heard.outcome(nodeId, await result);
    } catch (error) {
      if (error instanceof ChildWorkflowFailure)
        this.heard.closed(nodeId, error.cause?.message ?? 'no reason is known');
    }
  }

  /** Counts as being on its way; not cancelled with the engine. */
  async track(work: () => Promise<void>): Promise<void> {
    this.inFlight += 1;
    try {
      await CancellationScope.nonCancellable(work);
    } finally {
      this.inFlight -= 1;
      this.journal.wake();
    }
  }
}
