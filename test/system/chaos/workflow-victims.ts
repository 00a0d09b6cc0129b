/**
 * What a person, or a fault, does to a run's workflows through its Temporal server: the engine and the experiments are
 * cancelled, terminated and reset, and messages between them are lost and come twice.
 */
import { randomUUID } from 'node:crypto';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { noteUpdate } from '../../../domain/protocol/messages.js';
import { engineWorkflowId } from '../../../domain/run/naming.js';
import type { Answering, EngineWatch } from './engine-sight.js';
import type { WorkflowVictim } from './phases.js';
import type { Random } from './random.js';
import { isSeed, type Target } from './victims.js';

const { EventType, ResetReapplyExcludeType } = proto.temporal.api.enums.v1;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** Far above what an answer takes; the engine's worker may be busy with something else. */
const ACT_MS = 5_000;
const NAMESPACE = 'default';
const REASON = 'by a chaos campaign';
/** So many workflow tasks at most are done again. */
const TASKS_BACK = 5;

/** A note that was sent twice as one message; `isConfirmed`: the engine gave a receipt for it. */
export interface RepeatedNote {
  text: string;
  isConfirmed: boolean;
}

interface Execution {
  workflowId: string;
  runId: string;
  nodeId: string | null;
}

export class WorkflowVictims {
  readonly notes: RepeatedNote[] = [];

  constructor(
    private readonly watch: EngineWatch,
    private readonly random: Random,
  ) {}

  /** Answers with what was struck: nothing when there is no such workflow, or the server does not answer now. */
  async strike(victim: WorkflowVictim): Promise<Target[]> {
    try {
      return await this.watch.ask((service, run) => this.act(victim, service, run), ACT_MS);
    } catch {
      return [];
    }
  }

  private async act(victim: WorkflowVictim, service: Answering, run: string): Promise<Target[]> {
    const ofExperiment = victim.startsWith('exp');
    const isEither = victim === 'lost' || victim === 'twice';
    const open = (await openExecutions(service, run)).filter(
      ({ nodeId }) => isEither || (nodeId !== null) === ofExperiment,
    );
    for (const execution of this.random.shuffled(open)) {
      const target = await this.actOn(victim, service, execution);
      if (target !== null) return [target];
    }
    return [];
  }

  private async actOn(victim: WorkflowVictim, service: Answering, execution: Execution): Promise<Target | null> {
    const { workflowId, runId, nodeId } = execution;
    const place = { namespace: NAMESPACE, workflowExecution: { workflowId, runId }, reason: REASON };
    const target = (label: string): Target => ({
      label: `${label} of ${nodeId ?? 'the engine'}`,
      ...(nodeId === null ? {} : { nodeId }),
    });
    switch (victim) {
      case 'eng-cancel':
      case 'exp-cancel':
        await service.requestCancelWorkflowExecution({ ...place, requestId: randomUUID() });
        return target('cancellation');
      case 'eng-term':
      case 'exp-term':
        await service.terminateWorkflowExecution(place);
        return target('termination');
      case 'eng-reset':
      case 'exp-reset': {
        const tasks = (await historyOf(service, execution)).filter(isCompletedTask);
        const back = this.random.upTo(Math.min(TASKS_BACK, tasks.length) - 1);
        const task = tasks.at(-1 - back);
        if (task === undefined) return null;
        await service.resetWorkflowExecution({ ...place, requestId: randomUUID(), ...at(task) });
        return target(`reset by ${back} tasks`);
      }
      case 'lost': {
        const events = await historyOf(service, execution);
        const last = events.findLastIndex(isSignal);
        const task = last < 0 ? undefined : events.slice(0, last).findLast(isCompletedTask);
        if (task === undefined) return null;
        const lost = events.filter(({ eventId }) => Number(eventId) > Number(task.eventId)).filter(isSignal);
        const resetReapplyExcludeTypes = [ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL];
        await service.resetWorkflowExecution({
          ...place,
          requestId: randomUUID(),
          ...at(task),
          resetReapplyExcludeTypes,
        });
        return target(`loss (by a reset) of ${lost.map(nameOf).join(', ')}`);
      }
      case 'twice': {
        const signal = (await historyOf(service, execution)).findLast(isSignal);
        const said = signal?.workflowExecutionSignaledEventAttributes;
        if (said == null) return null;
        const { signalName, input } = said;
        await service.signalWorkflowExecution({
          namespace: NAMESPACE,
          workflowExecution: { workflowId, runId },
          ...(signalName ? { signalName } : {}),
          ...(input ? { input } : {}),
        });
        if (nodeId === null) await this.noteTwice(workflowId);
        return target(`repetition of ${signalName}${nodeId === null ? ' and of a note' : ''}`);
      }
    }
  }

  /** As a client does that did not hear the receipt: the same message under the same id. */
  private async noteTwice(workflowId: string): Promise<void> {
    const note: RepeatedNote = { text: `note ${this.notes.length + 1}, sent twice`, isConfirmed: false };
    this.notes.push(note);
    const updateId = randomUUID();
    await this.watch
      .ask(async (_, __, connection) => {
        const handle = new Client({ connection }).workflow.getHandle(workflowId);
        const send = () =>
          handle.executeUpdate(noteUpdate, { args: [{ text: note.text, request: updateId }], updateId });
        const receipts = await Promise.all([send(), send()]);
        note.isConfirmed = receipts.some(({ accepted }) => accepted);
      }, ACT_MS)
      // The engine was struck as well meanwhile, or stops just now: it may have the note, once.
      .catch(() => undefined);
  }
}

/** The engine, and experiments that a plan proposed: without its baseline a run is another run. */
async function openExecutions(service: Answering, run: string): Promise<Execution[]> {
  const engine = engineWorkflowId(run);
  const { executions } = await service.listWorkflowExecutions({
    namespace: NAMESPACE,
    query: 'ExecutionStatus = "Running"',
  });
  return (executions ?? []).flatMap(({ execution }): Execution[] => {
    const [workflowId, runId] = [execution?.workflowId, execution?.runId];
    if (!workflowId || !runId) return [];
    if (workflowId === engine) return [{ workflowId, runId, nodeId: null }];
    const nodeId = workflowId.startsWith(`${engine}/`) ? workflowId.slice(engine.length + 1) : null;
    return nodeId === null || isSeed(nodeId) ? [] : [{ workflowId, runId, nodeId }];
  });
}

/** Of one run of a workflow, which a page holds: the server is told to keep histories short. */
async function historyOf(service: Answering, { workflowId, runId }: Execution): Promise<HistoryEvent[]> {
  const { history } = await service.getWorkflowExecutionHistory({
    namespace: NAMESPACE,
    execution: { workflowId, runId },
  });
  return history?.events ?? [];
}

function isCompletedTask({ eventType }: HistoryEvent): boolean {
  return eventType === EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
}

function isSignal({ eventType }: HistoryEvent): boolean {
  return eventType === EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED;
}

function nameOf(event: HistoryEvent): string {
  return event.workflowExecutionSignaledEventAttributes?.signalName ?? 'a signal';
}

function at({ eventId }: HistoryEvent) {
  return eventId == null ? {} : { workflowTaskFinishEventId: eventId };
}
