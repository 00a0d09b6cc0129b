/**
 * Carries the reports of experiments to their engine by its workflow id. Reports of one moment travel in one signal,
 * because each signal costs the engine's history a workflow task.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { engineWorkflowId } from '../domain/naming.js';
import type { ExperimentReport } from './contract.js';

export interface EngineMailbox {
  /** Resolves when the server has it; also when no engine runs, which then finds what happened by look-up. */
  deliver(report: ExperimentReport): Promise<void>;
}

/** The first report of a while goes at once; those that follow within this time wait for each other. */
const TOGETHER_MS = 50;
/** Mirrors the type of workflows/messages.ts, which activities do not import. */
const REPORTS_SIGNAL = 'reports';

export function openEngineMailbox(run: string, client: Client): EngineMailbox {
  let waiting: ExperimentReport[] = [];
  let next: Promise<void> | null = null;
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let last: Promise<unknown> = Promise.resolve();

  async function sendWaiting(): Promise<void> {
    const leftMs = sentAtMs + TOGETHER_MS - Date.now();
    if (leftMs > 0) await sleep(leftMs);
    await last;
    const reports = waiting;
    waiting = [];
    next = null;
    sentAtMs = Date.now();
    const sending = send(reports);
    last = sending.catch(() => undefined);
    await sending;
  }

  async function send(reports: ExperimentReport[]): Promise<void> {
    try {
      await client.workflow.getHandle(engineWorkflowId(run)).signal(REPORTS_SIGNAL, reports);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  return {
    deliver(report) {
      waiting.push(report);
      next ??= sendWaiting();
      return next;
    },
  };
}
