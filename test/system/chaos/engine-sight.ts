/**
 * The workdir's Temporal server, asked about the run's workflows: which run the engine is in, and which activities are
 * pending.
 */
import { Connection } from '@temporalio/client';
import { engineWorkflowId } from '../../../domain/run/naming.js';
import { readJsonIfAny } from '../../../host/atomic-file.js';

export interface EngineSight {
  runId: string | null;
  /** The server suggests to continue as new. */
  isLong: boolean;
  pending: string[];
}

export const NOTHING_SEEN: EngineSight = { runId: null, isLong: false, pending: [] };

/** A question that takes longer finds a server that was killed. */
const QUESTION_MS = 500;

export type Answering = Connection['workflowService'];

export class EngineWatch {
  private open: { address: string; connection: Connection } | null = null;

  constructor(
    private readonly workdir: string,
    private readonly eventsPerRun: number,
  ) {}

  /** Nothing when the server does not answer. */
  async look(): Promise<EngineSight> {
    try {
      return await this.ask(async (service, run) => {
        const { workflowExecutionInfo, pendingActivities } = await service.describeWorkflowExecution({
          namespace: 'default',
          execution: { workflowId: engineWorkflowId(run) },
        });
        return {
          runId: workflowExecutionInfo?.execution?.runId ?? null,
          isLong: Number(workflowExecutionInfo?.historyLength ?? 0) >= this.eventsPerRun,
          pending: (pendingActivities ?? []).map((each) => `${each.activityType?.name} ${each.activityId}`),
        };
      });
    } catch {
      return NOTHING_SEEN;
    }
  }

  /** Rejects when the server is not there, or does not answer in time. */
  async ask<T>(
    question: (service: Answering, run: string, connection: Connection) => Promise<T>,
    withinMs = QUESTION_MS,
  ): Promise<T> {
    const { run_id } = (await readJsonIfAny(`${this.workdir}/config.json`)) as { run_id: string };
    const connection = await this.connection();
    return await connection.withDeadline(Date.now() + withinMs, () =>
      question(connection.workflowService, run_id, connection),
    );
  }

  async close(): Promise<void> {
    await this.open?.connection.close();
    this.open = null;
  }

  private async connection(): Promise<Connection> {
    const { address } = (await readJsonIfAny(`${this.workdir}/engine/temporal.json`)) as { address: string };
    if (this.open?.address !== address) {
      await this.close();
      const channelArgs = { 'grpc.max_reconnect_backoff_ms': 200, 'grpc.use_local_subchannel_pool': 1 };
      this.open = { address, connection: Connection.lazy({ address, channelArgs }) };
    }
    return this.open.connection;
  }
}
