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
   * `canWait`: the engine does nothing about it for now, so that it may wait a moment for others. `comesAgain`: whoever
   * has to tell it does so, too, after a while: from this process the engine then does not hear it a second time.
   */
  deliver(report: ExperimentReport, how?: { canWait?: boolean; comesAgain?: boolean }): Promise<boolean>;
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
  /** What was told early, until it comes again; what never does is not remembered for ever. */
  const early = new Map<string, Promise<boolean>>();

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

  function put(report: ExperimentReport, canWait: boolean): Promise<boolean> {
    open ??= newBatch();
    open.reports.push(report);
    if (!canWait) open.hurry.abort();
    return open.sent;
  }

  /** Once: whoever tells it a third time was asked for it, by an engine that does not know it. */
  function toldEarly(report: ExperimentReport): Promise<boolean> | undefined {
    const before = early.get(keyOf(report));
    early.delete(keyOf(report));
    return before;
  }

  return {
    async deliver(report, { canWait = false, comesAgain = false } = {}) {
      if (comesAgain) {
        const sent = put(report, canWait);
        early.set(keyOf(report), sent);
        for (const key of [...early.keys()].slice(0, -MOST_EARLY)) early.delete(key);
        return await sent;
      }
      const isThere = (await toldEarly(report)?.catch(() => false)) ?? false;
      return isThere || (await put(report, canWait));
    },
  };
}

const MOST_EARLY = 100;

function keyOf(report: ExperimentReport): string {
  return `${report.type} ${report.nodeId} ${'jobId' in report ? report.jobId : ''}`;
}
