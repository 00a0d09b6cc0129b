/** Runs that are given something to do after their end, or at it. */
import * as messages from '../../../domain/protocol/messages.js';
import { endJobs, type Scenario, SEEDS } from './scenario.js';

export const GIFTS: readonly Scenario[] = [
  {
    name: 'goes-on-with-what-it-is-given-after-its-end',
    options: { autoEnd: true, plans: [['a']] },
    limits: {},
    async act(_, handle, { startAgain }) {
      await handle.result();
      await startAgain([
        { request: 'n1', do: 'note', message: { text: 'look at the decoder' } },
        { request: 'l1', do: 'set_limits', message: { patience: 7 } },
        { request: 'a1', do: 'add', message: { experiment: { name: 'own' } } },
        { request: 'a2', do: 'add', message: { experiment: { name: 'refused' } } },
      ]);
    },
    experiments: [],
  },
  {
    name: 'waits-at-its-end-for-what-is-being-added',
    options: {},
    limits: { max_concurrency: 1 },
    activities: (fake) => ({
      acceptExperiment: async (input) => {
        await fake.until((run) => run.events.some(({ type }) => type === 'plan_received'));
        return await fake.activities.acceptExperiment(input);
      },
    }),
    async act(fake, handle) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.signal(messages.addSignal, { request: 'late', experiment: { name: 'late' } });
      endJobs(fake, [...SEEDS, '002_late']);
    },
    experiments: [],
  },
  {
    name: 'begins-nothing-when-it-goes-on-without-time',
    options: { plans: [['a']] },
    limits: { max_concurrency: 1 },
    async act(fake, handle, { startAgain }) {
      await fake.until((run) => run.statusOf('000_baseline') === 'running');
      await handle.executeUpdate(messages.setLimitsUpdate, { args: [{ max_hours: 1e-9 }] });
      endJobs(fake, SEEDS);
      await handle.result();
      await startAgain([{ request: 'n1', do: 'note', message: { text: 'go on' } }]);
    },
    experiments: [],
  },
];
