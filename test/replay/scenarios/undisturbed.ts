/** Runs that nobody steers and in which nothing fails. */
import { endJobs, type Scenario } from './scenario.js';

export const UNDISTURBED: readonly Scenario[] = [
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
    act: async (fake) => endJobs(fake, ['000_baseline', '000_headspace', '001_mtp', '002_a', '003_b']),
    experiments: [],
  },
];
