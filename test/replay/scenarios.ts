/**
 * Runs whose histories are kept: each is named for the rule that its replay protects. A scenario steers a run with fake
 * activities on a real server; the recorder saves what the server wrote.
 */
import type { Client, WorkflowHandle } from '@temporalio/client';
import * as messages from '../../workflows/messages.js';
import type { FakeOptions, FakeRun } from '../support/fake-activities.js';

export interface Scenario {
  name: string;
  options: FakeOptions;
  limits: { max_concurrency?: number; max_iterations?: number };
  tuning?: Partial<messages.Tuning>;
  /** Acts until the engine ends by itself. */
  act(fake: FakeRun, handle: WorkflowHandle, client: Client): Promise<void>;
  /** Experiments whose histories are kept beside the engine's. */
  experiments: string[];
}

const endAll = async (fake: FakeRun, nodeIds: string[]) => {
  for (const nodeId of nodeIds) fake.endJob(nodeId);
};

export const SCENARIOS: Scenario[] = [
  {
    name: 'plans-until-the-planner-stops',
    options: { autoEnd: true, plans: [['a', 'b'], ['c']] },
    limits: {},
    act: async () => undefined,
    experiments: ['000_baseline', '002_a'],
  },
  {
    name: 'continues-as-new-with-running-jobs',
    options: { plans: [['a', 'b']] },
    limits: { max_concurrency: 2, max_iterations: 1 },
    tuning: { eventsPerRun: 9 },
    act: (fake) => endAll(fake, ['000_baseline', '000_headspace', '001_mtp', '002_a', '003_b']),
    experiments: [],
  },
  {
    name: 'repairs-a-startup-failure-and-goes-on-after-others',
    options: { autoEnd: true, plans: [['a']], failures: { '001_mtp': 'job_startup_failed', '003_a': 'job_stalled' } },
    limits: {},
    act: async () => undefined,
    experiments: ['001_mtp', '002_mtp_startup_retry_1'],
  },
  {
    name: 'obeys-every-steering-message',
    options: { plans: [['a', 'b', 'c', 'd']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    tuning: { prepareAhead: 1 },
    async act(fake, handle) {
      await endAll(fake, ['000_baseline', '000_headspace', '001_mtp']);
      await fake.until((run) => run.statusOf('002_a') === 'running' && run.state.open.length === 4);
      await handle.executeUpdate(messages.pauseUpdate);
      await handle.executeUpdate(messages.reprioritizeUpdate, { args: [{ node_id: '005_d', priority: -5 }] });
      await handle.signal(messages.noteSignal, { text: 'mind the cache' });
      await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ patience: 4 }] });
      await handle.executeUpdate(messages.removeUpdate, { args: [{ node_id: '004_c' }] });
      await handle.executeUpdate(messages.addUpdate, { args: [{ request: 'mine', experiment: { name: 'mine' } }] });
      await handle.executeUpdate(messages.cancelUpdate, { args: [{ node_id: '002_a' }] });
      await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'interrupt' }] });
      await handle.executeUpdate(messages.resumeUpdate);
      await fake.until((run) => run.launched.length === 5);
      await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'drain' }] });
      fake.endJob(fake.launched.at(-1)!);
    },
    experiments: ['002_a'],
  },
  {
    name: 'stops-with-its-jobs',
    options: {},
    limits: { max_concurrency: 1 },
    async act(fake, handle) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'cancel_jobs' }] });
    },
    experiments: ['000_baseline', '000_headspace'],
  },
];
