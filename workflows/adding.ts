/**
 * What a person adds to a run: held against what is queued, one after the other, and told where it could not be
 * checked.
 */
import { patched, uuid4, workflowInfo } from '@temporalio/workflow';
import { type AddMessage, accepted, addRoomProblem, type Receipt } from '../domain/protocol/steering-messages.js';
import { followUpNodeId } from '../domain/run/experiment-record.js';
import { files } from './activity-options.js';
import { failureFrom } from './failure-value.js';
import type { Journal } from './journal.js';

/** Runs from before what waits was bounded took everything. */
export const bounded = (problem: string | null) => (problem !== null && patched('bounds-what-waits') ? problem : null);

/** `recovers`: this run of the engine recovers what is lost (engine.ts). */
export class Adding {
  private lastAdded: Promise<unknown> = Promise.resolve();
  private checking = 0;

  constructor(
    private readonly journal: Journal,
    private readonly recovers: boolean,
  ) {}

  /** Whether something is being added. */
  get isChecking(): boolean {
    return this.checking > 0;
  }

  /**
   * A check that fails for good (a full disk) refuses: a signal has nobody else to tell, and must not fail the engine.
   */
  async addOrRefuse(message: AddMessage): Promise<Receipt> {
    this.checking += 1;
    try {
      return await (this.recovers ? this.inTurn(message) : this.add(message));
    } catch (error) {
      const { message: reason } = failureFrom(error, 'unexpected_exception');
      tellUnchecked(this.journal, message, { request: message.request ?? '', reason, waits: false });
      return { accepted: false, message: `it could not be checked, so that it was not added: ${reason}` };
    } finally {
      this.checking -= 1;
      this.journal.wake();
    }
  }

  /** What is held against an experiment is what is queued: each waits until the one before stands in the workdir. */
  inTurn(message: AddMessage): Promise<Receipt> {
    const turn = this.lastAdded.then(async () => {
      const receipt = await this.add(message);
      await this.journal.flushed();
      return receipt;
    });
    this.lastAdded = turn.catch(() => undefined);
    return turn;
  }

  private async add(message: AddMessage): Promise<Receipt> {
    const { state } = this.journal;
    const own = this.recovers ? uuid4() : `${workflowInfo().runId.slice(0, 8)}_${state.seq}`;
    const request = message.request ?? own;
    const known = Object.values(state.experiments).find(
      (row) => row.origin.from === 'user' && row.origin.request === request,
    );
    if (known) return accepted('it was added already', known.nodeId);
    const noRoom = bounded(addRoomProblem(state));
    if (noRoom !== null) return { accepted: false, message: noRoom };
    const { experiment } = message;
    const asked = { run: state.run, request, experiment };
    const answer = await files.acceptExperiment(
      patched('checks-against-its-own-log') ? { ...asked, throughSeq: await this.flushedSeq() } : asked,
    );
    if (!answer.accepted) return { accepted: false, message: answer.reason };
    if ('known' in answer) return accepted('it was added already', answer.known);
    const { request: _, ...identity } = answer.experiment;
    const nodeId = followUpNodeId(state.nextCounter, identity.name);
    this.journal.record({
      type: 'experiment_added',
      experiment: { ...identity, nodeId, origin: { from: 'user', request } },
    });
    return accepted(`queued with priority ${identity.priority}`, nodeId);
  }

  /** Through it the log says what this engine says, also of one that was reset. */
  private async flushedSeq(): Promise<number> {
    const { seq } = this.journal.state;
    await this.journal.flushed();
    return seq;
  }
}

const REASON_LENGTH = 500;

/** Who gave it may be gone, or have sent a signal: what is shown of the run says so. */
export function tellUnchecked(
  journal: Journal,
  { experiment }: AddMessage,
  { reason, ...how }: { request: string; reason: string; waits: boolean },
): void {
  if (!patched('tells-what-it-could-not-check')) return;
  const given = `add ${experiment.name}`;
  journal.record({ type: 'add_unchecked', given, reason: reason.slice(0, REASON_LENGTH), ...how });
}
