/** Every steering message, as an update and as a signal, in each state in which it finds a run. */
import * as messages from '../../../domain/protocol/messages.js';
import type { FakeRun } from '../../support/fake-activities.js';
import { endJobs, type Scenario, SEEDS } from './scenario.js';

/** One slot, and a plan of four: `a` runs in it, the others wait. */
const ONE_SLOT = {
  options: { plans: [['a', 'b', 'c', 'd']] },
  limits: { max_concurrency: 1, max_iterations: 1 },
  tuning: { prepareAhead: 1 },
};

async function untilOthersWait(fake: FakeRun): Promise<void> {
  endJobs(fake, SEEDS);
  await fake.until((run) => run.statusOf('002_a') === 'running' && run.state.open.length === 4);
}

export const STEERING: readonly Scenario[] = [
  {
    name: 'obeys-every-steering-message',
    ...ONE_SLOT,
    async act(fake, handle) {
      await untilOthersWait(fake);
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
    name: 'obeys-every-steering-signal-and-refuses-the-wrong-ones',
    ...ONE_SLOT,
    async act(fake, handle) {
      await untilOthersWait(fake);
      await handle.signal(messages.pauseSignal);
      await handle.signal(messages.pauseSignal);
      await handle.signal(messages.reprioritizeSignal, { node_id: '005_d', priority: -5 });
      await handle.signal(messages.reprioritizeSignal, { node_id: 'nobody', priority: 1 });
      await handle.signal(messages.noteSignal, { text: '' });
      await handle.signal(messages.setLimitsSignal, { patience: 4 });
      await handle.signal(messages.setLimitsSignal, { patience: -1 });
      await handle.signal(messages.removeSignal, { node_id: '004_c' });
      await handle.signal(messages.addSignal, { request: 'mine', experiment: { name: 'mine' } });
      await handle.signal(messages.addSignal, { request: 'mine', experiment: { name: 'mine' } });
      await handle.signal(messages.addSignal, { experiment: { name: 'refused' } });
      await fake.until((run) => run.statusOf('006_mine') === 'queued');
      await handle.signal(messages.cancelSignal, { node_id: '002_a' });
      await fake.until((run) => run.statusOf('002_a') === 'cancelled');
      await handle.signal(messages.resumeSignal);
      await handle.signal(messages.resumeSignal);
      await fake.until((run) => run.launched.length === 5);
      await handle.signal(messages.stopSignal, { mode: 'drain' });
      await fake.until((run) => run.state.status === 'draining');
      fake.endJob(fake.launched.at(-1) ?? '');
    },
    experiments: ['002_a'],
  },
  {
    name: 'cancels-what-is-queued-prepared-and-running',
    options: { plans: [['a', 'b', 'c']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    tuning: { prepareAhead: 1 },
    async act(fake, handle) {
      endJobs(fake, SEEDS);
      await fake.until((run) => run.statusOf('002_a') === 'running' && run.statusOf('003_b') === 'ready');
      for (const node_id of ['004_c', '003_b', '002_a']) {
        await handle.executeUpdate(messages.cancelUpdate, { args: [{ node_id }] });
        await fake.until((run) => run.statusOf(node_id) === 'cancelled');
      }
    },
    experiments: ['002_a', '003_b'],
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
  {
    name: 'goes-on-as-another-engine-after-a-drain',
    options: { plans: [['a', 'b']] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    tuning: { prepareAhead: 1 },
    async act(fake, handle, stage) {
      endJobs(fake, SEEDS);
      await fake.until((run) => run.statusOf('002_a') === 'running' && run.statusOf('003_b') === 'ready');
      await handle.executeUpdate(messages.stopUpdate, { args: [{ mode: 'drain' }] });
      fake.endJob('002_a');
      await handle.result();
      await stage.startAgain();
      fake.endJob('003_b');
    },
    experiments: ['003_b'],
  },
];
