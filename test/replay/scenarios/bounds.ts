/** Runs that are given more than has room, cannot check what is added, or cannot take their last steps. */
import { ApplicationFailure } from '@temporalio/common';
import * as messages from '../../../domain/protocol/messages.js';
import { MOST_PENDING } from '../../../domain/run/limits.js';
import { endJobs, type Scenario, SEEDS } from './scenario.js';

async function fullDisk(): Promise<never> {
  throw ApplicationFailure.nonRetryable('ENOSPC: no space left on device', 'unexpected_exception');
}

export const BOUNDS: readonly Scenario[] = [
  {
    name: 'refuses-a-note-that-has-no-room',
    options: {},
    limits: { max_concurrency: 1 },
    async act(fake, handle) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      for (let index = 1; index <= MOST_PENDING.notes; index += 1)
        await handle.signal(messages.noteSignal, { text: `note ${index}` });
      await fake.until((run) => run.state.notes.length === MOST_PENDING.notes);
      await handle.signal(messages.noteSignal, { text: 'one more' });
      await handle.executeUpdate(messages.noteUpdate, { args: [{ text: 'and one more' }] });
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
  {
    name: 'refuses-an-addition-that-could-not-be-checked',
    options: {},
    limits: { max_concurrency: 1 },
    activities: () => ({ acceptExperiment: fullDisk }),
    async act(fake, handle) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.signal(messages.addSignal, { request: 'r1', experiment: { name: 'mine' } });
      await handle.executeUpdate(messages.addUpdate, { args: [{ request: 'r2', experiment: { name: 'mine' } }] });
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
  {
    name: 'tells-of-what-it-could-not-check',
    options: {},
    limits: { max_concurrency: 1 },
    activities: () => ({ acceptExperiment: fullDisk }),
    async act(fake, handle, { startAgain }) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.signal(messages.addSignal, { request: 'r1', experiment: { name: 'mine' } });
      await fake.until(({ events }) => events.some(({ type }) => type === 'add_unchecked'));
      await handle.terminate('another one is given it');
      await startAgain([{ do: 'add', request: 'r1', message: { experiment: { name: 'mine' } } }]);
      await fake.until(({ events }) => events.filter(({ type }) => type === 'add_unchecked').length === 2);
      endJobs(fake, SEEDS);
    },
    experiments: [],
  },
  {
    name: 'lends-the-slots-of-jobs-in-a-queue',
    options: { plans: [['a', 'b', 'c']], pending: ['002_a', '003_b'] },
    limits: { max_concurrency: 1, max_iterations: 1 },
    tuning: { prepareAhead: 2 },
    async act(fake) {
      endJobs(fake, SEEDS);
      await fake.until((run) => run.launched.includes('003_b'));
      fake.beginJob('002_a');
      await fake.until((run) => run.statusOf('002_a') === 'running');
      fake.endJob('002_a');
      await fake.until((run) => run.launched.includes('004_c'));
      fake.beginJob('003_b');
      endJobs(fake, ['003_b', '004_c']);
    },
    experiments: ['002_a'],
  },
  {
    name: 'ends-although-its-last-steps-fail',
    options: { autoEnd: true },
    limits: {},
    activities: () => ({ drawCharts: fullDisk, report: fullDisk }),
    act: async () => undefined,
    experiments: [],
  },
  {
    name: 'carries-what-is-open-and-sums-of-the-rest',
    options: { plans: [['a', 'b']] },
    limits: { max_concurrency: 2, max_iterations: 1 },
    tuning: { eventsPerRun: 9 },
    act: async (fake) => endJobs(fake, ['000_baseline', '000_headspace', '001_mtp', '002_a', '003_b']),
    experiments: [],
  },
];
