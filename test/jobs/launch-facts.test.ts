/** The samples of a step as the launch command tells them, by a flag or by a key of a configuration. */
import { expect, it, onTestFinished } from 'vitest';
import type { RunConfig } from '../../domain/formats/config.js';
import { writeJsonAtomic } from '../../host/atomic-file.js';
import { launchFacts } from '../../jobs/launch-facts.js';
import { Workdir } from '../../workdir/paths.js';
import { temporaryFolder } from '../activities/source-fixture.js';
import { removeFolder } from '../support/remove-folder.js';

it.each<[string, number | null]>([
  ['--batch-size 16', 16],
  ['loader.batch_size=16', 16],
  ['--opts LOADER.BATCH_SIZE 16', 16],
  ['batch_size=16 val.batch_size=64', 16],
  ['val.batch_size=64', null],
  ['first.batch_size=16 second.batch_size=8', null],
])('of %s', async (flags, batchSize) => {
  const root = temporaryFolder();
  onTestFinished(() => removeFolder(root));
  const workdir = new Workdir(root);
  await writeJsonAtomic(workdir.node('002_x', 'spec.json'), {
    name: 'x',
    launch_command: `python train.py ${flags}`,
    work: 'other_batches',
  });
  const context = { workdir, config: {} as RunConfig, log: () => undefined };
  expect(await launchFacts(context, '002_x')).toMatchObject({ batchSize, mayHaveOtherBatch: true });
});
