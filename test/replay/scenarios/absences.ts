/** Engines that were away: killed and served again, or gone with their experiments. */

import * as messages from '../../../domain/protocol/messages.js';
import { experimentWorkflowId } from '../../../domain/run/naming.js';
import { announceReturn } from '../../../worker/announce-return.js';
import type { FakeRun } from '../../support/fake-activities.js';
import { endJobs, type Scenario, SEEDS } from './scenario.js';

export const ABSENCES: readonly Scenario[] = [
  {
    name: 'counts-no-time-of-its-absence',
    options: { plans: [['a']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    async act(fake, _, { client, run }) {
      await fake.until((each) => each.statusOf('000_baseline') === 'running');
      await announceReturn(client, run);
      await fake.until(({ events }) => events.some(({ type }) => type === 'returned'));
      endJobs(fake, [...SEEDS, '002_a']);
    },
    experiments: [],
  },
  {
    name: 'starts-experiments-again-whose-workflow-is-gone',
    options: { plans: [['a']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    activities: (fake) => ({
      lookupExperiments: async ({ nodeIds }) =>
        nodeIds.map((nodeId) => ({ nodeId, found: 'missing' as const, outcome: null })),
      // Launched before: its job is found.
      launchJob: async (input) => await fake.activities.launchJob(input),
    }),
    async act(fake, handle, { client, run, startAgain }) {
      await fake.until(
        (each) => each.statusOf('000_baseline') === 'running' && each.statusOf('000_headspace') === 'ready',
      );
      await handle.terminate('its server is lost');
      for (const nodeId of ['000_baseline', '000_headspace'])
        await client.workflow.getHandle(experimentWorkflowId(run, nodeId)).terminate('its server is lost');
      await startAgain();
      endJobs(fake, [...SEEDS, '002_a']);
    },
    experiments: ['000_baseline', '000_headspace'],
  },
  {
    name: 'is-interrupted-when-it-is-cancelled-and-goes-on-as-another-run',
    options: { plans: [['a']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    async act(fake, handle) {
      await fake.until((each) => each.statusOf('000_baseline') === 'running');
      await handle.cancel();
      await fake.until((each) => each.state.status === 'interrupted');
      await handle.executeUpdate(messages.resumeUpdate);
      endJobs(fake, [...SEEDS, '002_a']);
    },
    experiments: [],
  },
  {
    name: 'greets-and-looks-up-what-an-engine-before-it-had-started',
    options: { plans: [['a']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    tuning: { lookMs: 300 },
    async act(fake, handle, { client, run, startAgain }) {
      await fake.until(
        (each) => each.statusOf('000_baseline') === 'running' && each.statusOf('000_headspace') === 'ready',
      );
      await handle.terminate('the engine is killed');
      await startAgain();
      await fake.until(({ events }) => events.filter(({ type }) => type === 'run_started').length === 2);
      await client.workflow.getHandle(experimentWorkflowId(run, '000_headspace')).terminate('by hand');
      await fake.until((each) => each.statusOf('000_headspace') === 'failed');
      endJobs(fake, [...SEEDS, '002_a']);
    },
    experiments: ['000_baseline'],
  },
  {
    name: 'ends-the-job-that-it-may-have-forgotten',
    options: {},
    limits: { max_concurrency: 1 },
    async act(fake, _, { client, run }) {
      const isReady = (each: FakeRun) => each.statusOf('000_headspace') === 'ready';
      await fake.until((each) => each.statusOf('000_baseline') === 'running' && isReady(each));
      await client.workflow.getHandle(experimentWorkflowId(run, '000_headspace')).terminate('by hand');
      await fake.until((each) => each.statusOf('000_headspace') === 'failed');
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
  {
    name: 'ends-an-experiment-that-waits-for-an-engine-that-is-gone',
    options: {},
    limits: { max_concurrency: 1 },
    tuning: { askMs: 300 },
    async act(fake, handle, { client, run, startAgain, keep }) {
      const isReady = (each: FakeRun) => each.statusOf('000_headspace') === 'ready';
      await fake.until((each) => each.statusOf('000_baseline') === 'running' && isReady(each));
      await handle.terminate('the engine is killed');
      await client.workflow.getHandle(experimentWorkflowId(run, '000_headspace')).result();
      await keep('000_headspace');
      await startAgain();
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
  {
    name: 'grants-nothing-while-jobs-may-run-that-it-has-forgotten',
    options: {},
    limits: { max_concurrency: 1 },
    activities: (fake) => {
      let isTold = false;
      return {
        exportWorkdir: async (input) => {
          const answer = await fake.activities.exportWorkdir(input);
          const isFirst = input.events.some((event) => event.type === 'slot_granted') && !isTold;
          if (!isFirst) return answer;
          isTold = true;
          return { ...answer, granted: ['000_headspace'] };
        },
      };
    },
    act: async (fake) => endJobs(fake, SEEDS),
    experiments: ['000_baseline'],
  },
];
