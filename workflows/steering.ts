/**
 * The engine's handlers: each steering message as an update with a validator (its receipt says what changed or why not)
 * and as a plain signal, and the queries.
 */
import type { UpdateDefinition } from '@temporalio/common';
import {
  ApplicationFailure,
  CancellationScope,
  log,
  patched,
  type SignalDefinition,
  setHandler,
} from '@temporalio/workflow';
import { practicesOnlyIn } from '../domain/proposals/best-practices.js';
import * as messages from '../domain/protocol/messages.js';
import { RUN_STOPPED } from '../domain/protocol/messages.js';
import * as steering from '../domain/protocol/steering-messages.js';
import { accepted } from '../domain/protocol/steering-messages.js';
import { experimentView, queueView, statusView, treeView } from '../domain/protocol/views.js';
import { approvalText, refusalText } from '../domain/run/approval-rules.js';
import { noSuchExperiment, rowOf } from '../domain/run/engine-state.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { failure } from '../domain/run/failure.js';
import { limitsText } from '../domain/run/limits.js';
import { Adding, bounded } from './adding.js';
import type { Children } from './children.js';
import type { Journal } from './journal.js';

/** What the engine itself has to do of it, with what was given while nobody served the run. */
export interface Steering {
  /** Rejects when it could not be checked. */
  add(message: steering.AddMessage): Promise<steering.Receipt>;
  /** Whether something is being added. */
  readonly isChecking: boolean;
  /** Ends what has a job, or had one; each promise resolves when the experiment has heard. */
  cancelStarted(reason: string): Promise<void>[];
  /** Ends what waits for its turn. */
  drop(nodeId: string, reason: string): void;
}

interface Handler<Args extends unknown[]> {
  update: UpdateDefinition<steering.Receipt, Args>;
  signal: SignalDefinition<Args>;
  /** What is wrong with the message, or null. */
  problem: (...args: Args) => string | null;
  act: (...args: Args) => steering.Receipt | Promise<steering.Receipt>;
}

/**
 * Every handler in one place: validators throw what an update's sender sees; a bad signal is logged and changes
 * nothing.
 * `recovers`: this run of the engine recovers what is lost (engine.ts).
 */
export function handleSteering(journal: Journal, children: Children, recovers: boolean): Steering {
  const { state } = journal;
  const adding = new Adding(journal, recovers);
  const ended = () =>
    state.status === 'stopped' ? 'the run has stopped; start it again with `autoresearch run`' : null;

  /** A cancelled engine goes on obeying: to be cancelled is to be interrupted. */
  const shielded = <T>(work: () => Promise<T>): Promise<T> =>
    recovers ? CancellationScope.nonCancellable(work) : work();
  /** A receipt is given once the experiments concerned have the message: an engine that is killed before gives none. */
  const delivered = async (messages: readonly Promise<void>[]) => {
    if (recovers) await Promise.all(messages);
  };

  function handle<Args extends unknown[]>({ update, signal, problem, act }: Handler<Args>): void {
    const check = (...args: Args) => ended() ?? problem(...args);
    setHandler(
      update,
      (...args: Args) =>
        shielded(async () => {
          const receipt = await act(...args);
          await journal.flushed();
          return receipt;
        }),
      {
        validator: (...args: Args) => {
          const reason = check(...args);
          if (reason) throw ApplicationFailure.nonRetryable(reason, ended() ? RUN_STOPPED : 'policy_refused');
        },
      },
    );
    setHandler(signal, (...args: Args) =>
      shielded(async () => {
        const reason = check(...args);
        if (reason) {
          log.warn(`signal ${signal.name} refused: ${reason}`);
          return;
        }
        const receipt = await act(...args);
        if (!receipt.accepted) log.warn(`signal ${signal.name} refused: ${receipt.message}`);
      }),
    );
  }

  handle({
    update: messages.stopUpdate,
    signal: messages.stopSignal,
    problem: steering.stopProblem,
    act: async ({ mode }) => {
      const told = mode === 'cancel_jobs' ? cancelStarted('the run was stopped with its jobs') : [];
      journal.record({ type: 'stop_requested', mode });
      if (mode !== 'interrupt') children.withdrawPrepared();
      if (told.length > 0) await delivered(told);
      return accepted(STOP_RECEIPTS[mode]);
    },
  });
  handle({
    update: messages.pauseUpdate,
    signal: messages.pauseSignal,
    problem: () => (state.status === 'running' ? null : `only a running engine can be paused; it is ${state.status}`),
    act: () => {
      journal.record({ type: 'paused' });
      return accepted('paused: running jobs go on, nothing new starts');
    },
  });
  handle({
    update: messages.resumeUpdate,
    signal: messages.resumeSignal,
    problem: () => null,
    act: () => {
      if (state.status === 'running' || state.status === 'setup') return accepted('it is running already');
      journal.record({ type: 'resumed' });
      return accepted('resumed');
    },
  });
  handle({
    update: messages.reprioritizeUpdate,
    signal: messages.reprioritizeSignal,
    problem: (message) => steering.reprioritizeProblem(state, message),
    act: ({ node_id, priority }) => {
      const before = rowOf(state, node_id).priority;
      journal.record({ type: 'experiment_reprioritized', nodeId: node_id, priority });
      const place = queueView(state).findIndex((view) => view.node_id === node_id) + 1;
      return accepted(`priority ${before} -> ${priority}; now number ${place} in the queue`, node_id);
    },
  });
  handle({
    update: messages.removeUpdate,
    signal: messages.removeSignal,
    problem: (message) => steering.nodeProblem(state, message, 'queued'),
    act: ({ node_id }) => {
      const row = rowOf(state, node_id);
      const isPrepared = row.state.status !== 'queued';
      const withdraws = recovers ? { withdraws: isPrepared } : {};
      const leavesOut = patched('leaves-out-what-is-removed');
      const unwanted = leavesOut ? practicesOnlyIn(state, row) : [];
      const byPerson = leavesOut ? ({ byPerson: true } as const) : {};
      journal.record({ type: 'experiment_removed', nodeId: node_id, ...withdraws, ...byPerson });
      if (isPrepared) void children.tell(node_id, messages.withdrawSignal);
      const ends = unwanted.length > 0 ? `; the run may end without having tried ${unwanted.join(' and ')}` : '';
      return accepted(`removed from the queue${ends}`, node_id);
    },
  });
  handle({
    update: messages.cancelUpdate,
    signal: messages.cancelSignal,
    problem: (message) => steering.nodeProblem(state, message, 'open'),
    act: async ({ node_id }) => {
      await delivered([cancel(node_id, 'cancelled by a person')]);
      const ends =
        node_id === BASELINE_ID && state.needsMeasuredBaseline
          ? '; the run ends, as nothing can be compared without it'
          : '';
      return accepted(`cancelled; its job, if it has one, is being killed${ends}`, node_id);
    },
  });
  handle({
    update: messages.setLimitsUpdate,
    signal: messages.setLimitsSignal,
    problem: steering.setLimitsProblem,
    act: (message) => {
      const limits = steering.limitsFrom(message);
      journal.record({ type: 'limits_set', limits });
      return accepted(limitsText(statusView(state).limits));
    },
  });
  handle({
    update: messages.setApprovalUpdate,
    signal: messages.setApprovalSignal,
    problem: steering.setApprovalProblem,
    act: (message) => {
      const approval = steering.approvalFrom(message);
      journal.record({ type: 'approval_set', approval });
      return accepted(approval === null ? 'nothing waits for an approval any more' : approvalText(approval));
    },
  });
  handle({
    update: messages.approveUpdate,
    signal: messages.approveSignal,
    problem: (message) => steering.askedProblem(state, message),
    act: ({ node_id }) => {
      journal.record({ type: 'experiment_approved', nodeId: node_id, by: 'person' });
      return accepted('approved; it runs when its turn comes', node_id);
    },
  });
  handle({
    update: messages.refuseUpdate,
    signal: messages.refuseSignal,
    problem: (message) => steering.askedProblem(state, message),
    act: async ({ node_id, reason = '' }) => {
      const { name } = rowOf(state, node_id);
      const isTold = reason !== '' && steering.noteRoomProblem(state) === null;
      if (isTold) journal.record({ type: 'note_added', text: `A person refused ${node_id} (${name}): ${reason}` });
      await delivered([cancel(node_id, refusalText(reason))]);
      return accepted(isTold ? 'refused; the next plan is told why' : 'refused', node_id);
    },
  });
  handle({
    update: messages.noteUpdate,
    signal: messages.noteSignal,
    problem: steering.noteProblem,
    act: ({ text, request }) => {
      if (request !== undefined && state.noteRequests?.includes(request)) return accepted('noted before');
      const noRoom = bounded(steering.noteRoomProblem(state));
      if (noRoom !== null) return { accepted: false, message: noRoom };
      journal.record({ type: 'note_added', text, ...(request === undefined ? {} : { request }) });
      return accepted('noted; the next planning prompt carries it');
    },
  });
  handle({
    update: messages.addUpdate,
    signal: messages.addSignal,
    problem: steering.addProblem,
    act: (message) => adding.addOrRefuse(message),
  });

  // After its worker was killed, the time in between is not the run's. One that was interrupted is told to resume.
  setHandler(messages.returnedSignal, () => {
    if (state.runsSinceMs !== null) journal.record({ type: 'returned' });
  });
  setHandler(messages.statusQuery, () => statusView(state));
  setHandler(messages.queueQuery, () => queueView(state));
  setHandler(messages.treeQuery, () => treeView(state));
  setHandler(messages.experimentQuery, (nodeId) => {
    const row = Object.hasOwn(state.experiments, nodeId) ? state.experiments[nodeId] : undefined;
    if (!row) throw ApplicationFailure.nonRetryable(noSuchExperiment(state, nodeId));
    return experimentView(state, row);
  });
  return {
    add: (message) => adding.inTurn(message),
    get isChecking() {
      return adding.isChecking;
    },
    cancelStarted,
    drop: (nodeId, reason) => void cancel(nodeId, reason),
  };

  /** Resolves when its workflow, if it has one, has the message. */
  function cancel(nodeId: string, reason: string): Promise<void> {
    if (rowOf(state, nodeId).state.status !== 'queued')
      return children.tell(nodeId, messages.cancelExperimentSignal, { reason });
    const record = failure('cancelled', reason, Date.now());
    journal.record({ type: 'experiment_cancelled', nodeId, failure: record });
    return Promise.resolve();
  }

  function openIn(...statuses: string[]): string[] {
    return state.open.filter((nodeId) => statuses.includes(rowOf(state, nodeId).state.status));
  }

  function cancelStarted(reason: string): Promise<void>[] {
    return openIn('launching', 'running', 'analyzing').map((nodeId) => cancel(nodeId, reason));
  }
}

const STOP_RECEIPTS = {
  interrupt: 'interrupted: jobs go on, the queue is kept; `autoresearch run <workdir>` goes on',
  drain: 'draining: running experiments finish, nothing new starts',
  cancel_jobs: 'stopping: the jobs are being cancelled, the queue is kept',
} as const satisfies Record<steering.StopMessage['mode'], string>;
