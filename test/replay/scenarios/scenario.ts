/**
 * A run whose history is kept, named for the rule that its replay protects. It steers a run with fake activities on a
 * real server; the recorder saves what the server wrote.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Activities } from '../../../domain/protocol/activities.js';
import type { Tuning } from '../../../domain/protocol/messages.js';
import type { GivenMessage } from '../../../domain/protocol/steering-messages.js';
import type { FakeOptions, FakeRun } from '../../support/fake-activities.js';

export interface Stage {
  client: Client;
  run: string;
  /** Another engine of the same run, after the end of the one before; its history is kept as well. */
  startAgain(given?: GivenMessage[]): Promise<WorkflowHandle>;
  /** Keeps the history of an experiment as it is now, where another run of its workflow follows. */
  keep(nodeId: string): Promise<void>;
}

export interface Scenario {
  name: string;
  options: FakeOptions;
  limits: {
    max_concurrency?: number;
    max_iterations?: number;
    max_experiments?: number;
    budget_usd?: number;
  };
  tuning?: Partial<Tuning>;
  /** Activities that do otherwise than the fakes. */
  activities?: (fake: FakeRun) => Partial<Activities>;
  /** Acts until the engine ends by itself. */
  act(fake: FakeRun, handle: WorkflowHandle, stage: Stage): Promise<void>;
  /** Experiments whose histories are kept beside the engine's. */
  experiments: string[];
}

export const SEEDS = ['000_baseline', '000_headspace', '001_mtp'];

export function endJobs(fake: FakeRun, nodeIds: readonly string[]): void {
  for (const nodeId of nodeIds) fake.endJob(nodeId);
}
