/** What a person is told of one experiment has one gain, that of all its runs. */
import { expect, it } from 'vitest';
import { experimentFacts, experimentText } from '../../../client/tools/experiment-facts.js';
import { openRunLog } from '../../../workdir/event-log.js';
import { syntheticRun } from '../../support/run-events.js';
import { syntheticWorkdir } from '../../support/synthetic-workdir.js';

it('leaves out what the first run alone came to when it ended', async () => {
  const run = syntheticRun({ followUps: 3 });
  const { workdir } = await syntheticWorkdir(run);
  await openRunLog(workdir).append(run.events);
  const facts = await experimentFacts(workdir.root, '001');
  const metrics = { ...facts.metrics!, improvement_vs_baseline_pct: -9.86, is_best_so_far: false };
  const text = experimentText({ ...facts, metrics });
  expect(text).toMatch(/^result: .*vs the baseline$/m);
  expect(text).toMatch(/^metrics: .*throughput_samples_per_s/m);
  expect(text).not.toMatch(/9\.86|improvement|best_so_far/);
});
