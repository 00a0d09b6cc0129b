/**
 * Carries the reports of experiments to their engine by its workflow id. Reports travel together where they can,
 * because each signal costs the engine's history a workflow task: what the engine acts on goes at once and takes with
 * it what could wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { ExperimentReport } from '../../domain/protocol/activities.js';
import { engineWorkflowId } from '../../domain/run/naming.js';

export interface EngineMailbox {
  /**
   * Resolves when the server has it; with false when no engine is open, which then finds what happened by look-up.
   * `canWait`: the engine does nothing about it for now, so that it may wait a moment for others.
   */
  deliver(report: ExperimentReport, how?: { canWait: boolean }): Promise<boolean>;
}

/** Reports that are due within this time of each other travel together; the first of a while does not wait. */
const TOGETHER_MS = 50;
/** A person looks at what waited this long. */
const PATIENCE_MS = 1_500;
/** The name of the signal in domain/protocol/messages.ts, which activities do not import. */
const REPORTS_SIGNAL = 'reports';

interface Batch {
  reports: ExperimentReport[];
  /** Ends the batch's waiting. */
  hurry: AbortController;
  sent: Promise<boolean>;
}

export function openEngineMailbox(run: string, client: Client): EngineMailbox {
  let open: Batch | null = null;
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<unknown> = Promise.resolve();

  function newBatch(): Batch {
    const hurry = new AbortController();
    const batch: Batch = { reports: [], hurry, sent: Promise.resolve(false) };
    batch.sent = close(batch);
    return batch;
  }

  async function close(batch: Batch): Promise<boolean> {
    await sleep(PATIENCE_MS, undefined, { signal: batch.hurry.signal }).catch(() => undefined);
    await sleep(Math.max(0, sentAtMs + TOGETHER_MS - Date.now()));
    await last;
    open = null;
    sentAtMs = Date.now();
    const sending = send(batch.reports);
    last = sending.catch(() => undefined);
    return await sending;
  }

  async function send(reports: ExperimentReport[]): Promise<boolean> {
    try {
      await client.workflow.getHandle(engineWorkflowId(run)).signal(REPORTS_SIGNAL, reports);
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      return false;
    }
  }

  return {
    deliver(report, { canWait } = { canWait: false }) {
      open ??= newBatch();
      open.reports.push(report);
      if (!canWait) open.hurry.abort();
      return open.sent;
    },
  };
}
