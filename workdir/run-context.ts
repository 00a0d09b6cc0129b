/** What every activity is built from: one workdir, its configuration, and the refusal of foreign runs. */
import { ApplicationFailure } from '@temporalio/common';
import type { RunConfig } from '../domain/formats/config.js';
import type { EngineRef, RunRef } from '../domain/protocol/activities.js';
import { raise } from '../domain/protocol/thrown-failure.js';
import { engineWorkflowId } from '../domain/run/naming.js';
import { claimLog, type LogPlace } from './log-owner.js';
import type { Workdir } from './paths.js';

export interface RunContext {
  readonly workdir: Workdir;
  readonly config: RunConfig;
  /** One line into logs/autoresearch.log. */
  readonly log: (message: string, fields?: Record<string, unknown>) => void;
  /** Where the engine's history is; absent outside a worker. */
  readonly place?: LogPlace;
  /** Ends agent calls that are made outside an activity; within one, its own cancellation does. */
  readonly signal?: AbortSignal;
}

/** A worker serves the run of its own workdir and no other. */
export function ownRun(context: RunContext, input: RunRef): void {
  if (input.run !== context.config.run_id) {
    throw ApplicationFailure.nonRetryable(
      `run ${JSON.stringify(input.run)} is not the run of this workdir`,
      'policy_refused',
    );
  }
}

/** The event log takes events of one engine only: another is refused for good, with what to do. */
export async function ownLog(
  { workdir, place }: RunContext,
  { chain }: EngineRef,
  act: 'begins' | 'goes on',
): Promise<void> {
  if (place === undefined || chain === undefined) return;
  const problem = await claimLog(workdir, place, chain, act);
  if (problem !== null) raise('policy_refused', problem, { phase: 'runner' });
}

/** Who asks: the run's engine or one of its experiments. Anybody may schedule an activity on a task queue. */
export function ownWorkflow(
  { config }: RunContext,
  { workflowExecution, workflowType }: { workflowExecution?: { workflowId: string }; workflowType?: string },
): void {
  const id = workflowExecution?.workflowId ?? '';
  const engine = engineWorkflowId(config.run_id);
  const isOwn =
    (workflowType === 'engineWorkflow' && id === engine) ||
    (workflowType === 'experimentWorkflow' && id.startsWith(`${engine}/`));
  if (!isOwn) {
    throw ApplicationFailure.nonRetryable(
      `workflow ${JSON.stringify(id)} of type ${JSON.stringify(workflowType ?? '')} is not of this run`,
      'policy_refused',
    );
  }
}
