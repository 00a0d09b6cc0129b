/** What fails in each phase, what is repaired, and the limits that end a run. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import * as messages from '../../../domain/protocol/messages.js';
import { type Failure, failure } from '../../../domain/run/failure.js';
import { experimentWorkflowId } from '../../../domain/run/naming.js';
import type { FakeRun } from '../../support/fake-activities.js';
import { endJobs, type Scenario, SEEDS } from './scenario.js';

function broken(kind: Failure['kind']): never {
  const record = failure(kind, 'it broke', 0);
  throw ApplicationFailure.create({ message: 'it broke', type: kind, nonRetryable: true, details: [record] });
}

/** An activity that fails for one node. */
function except<Input extends { nodeId: string }, Output>(
  nodeId: string,
  kind: Failure['kind'],
  act: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return async (input) => (input.nodeId === nodeId ? broken(kind) : await act(input));
}

export const FAILURES: readonly Scenario[] = [
  {
    name: 'repairs-a-startup-failure-and-goes-on-after-others',
    options: { autoEnd: true, plans: [['a']], failures: { '001_mtp': 'job_startup_failed', '003_a': 'job_stalled' } },
    limits: {},
    act: async () => undefined,
    experiments: ['001_mtp', '002_mtp_startup_retry_1'],
  },
  {
    name: 'goes-on-after-a-failure-in-each-phase',
    options: { autoEnd: true, plans: [['a', 'b', 'c', 'd', 'e'], ['f'], ['g']] },
    limits: {},
    activities: ({ activities }: FakeRun) => ({
      applyPatch: async (input) =>
        input.experiment.nodeId === '002_a' ? broken('code_change_failed') : await activities.applyPatch(input),
      buildImage: except('003_b', 'build_failed', activities.buildImage),
      launchJob: except('004_c', 'launch_failed', activities.launchJob),
      collectEvidence: except('005_d', 'metrics_collection_failed', activities.collectEvidence),
      analyze: except('006_e', 'analysis_failed', activities.analyze),
      plan: async (input) => (input.iteration === 2 ? broken('planning_failed') : await activities.plan(input)),
    }),
    act: async () => undefined,
    experiments: ['002_a', '003_b', '004_c', '005_d', '006_e'],
  },
  {
    name: 'ends-when-its-set-up-fails',
    options: {},
    limits: {},
    activities: () => ({ instrument: async () => await broken('setup_instrumentation_failed') }),
    act: async () => undefined,
    experiments: [],
  },
  {
    name: 'ends-at-its-budget',
    options: { autoEnd: true, usdPerCall: 0.1, plans: Array.from({ length: 9 }, (_, round) => [`a${round}`]) },
    limits: { budget_usd: 1, max_concurrency: 1 },
    act: async () => undefined,
    experiments: [],
  },
  {
    name: 'ends-when-its-time-is-up',
    options: {},
    limits: { max_concurrency: 1 },
    async act(fake, handle) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_hours: 1e-9 }] });
      await fake.until((run) => run.state.stop?.reason === 'wall_clock');
      fake.endJob('000_baseline');
    },
    experiments: ['000_headspace'],
  },
  {
    name: 'ends-at-its-number-of-experiments',
    options: { autoEnd: true, plans: [['a', 'b', 'c']] },
    limits: { max_experiments: 5 },
    act: async () => undefined,
    experiments: [],
  },
  {
    name: 'ends-what-runs-beside-a-baseline-that-failed',
    options: { needsBaseline: true, failures: { '000_baseline': 'job_failed' } },
    limits: { max_concurrency: 3 },
    async act(fake) {
      await fake.until((run) => SEEDS.every((nodeId) => run.statusOf(nodeId) === 'running'));
      fake.endJob('000_baseline');
    },
    experiments: ['000_headspace'],
  },
  {
    name: 'shows-an-export-that-goes-on-failing',
    options: { autoEnd: true },
    limits: {},
    activities: (fake) => ({
      exportWorkdir: async (input) => {
        const isHard = input.events.some(({ type }) => type === 'setup_completed');
        if (isHard && Context.current().info.isLocal) throw new Error('ENOSPC: no space left on device');
        return await fake.activities.exportWorkdir(input);
      },
    }),
    act: async () => undefined,
    experiments: [],
  },
  {
    name: 'notices-an-experiment-that-was-terminated',
    options: {},
    limits: { max_concurrency: 1 },
    async act(fake, _, { client, run }) {
      await fake.until((each) => each.statusOf('000_baseline') === 'running');
      await client.workflow.getHandle(experimentWorkflowId(run, '000_baseline')).terminate('by hand');
      await fake.until((each) => each.statusOf('000_baseline') === 'failed');
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
];
