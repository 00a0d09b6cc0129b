/** Files that were kept up to date while a run went on say what a rebuild of the same run says. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEFAULT_CONFIRMATION } from '../../../domain/belief/confirmation-state.js';
import { applyToRecord, newRunRecord } from '../../../domain/reports/run-record.js';
import { consequencesOf } from '../../../domain/verdict/consequences.js';
import { Projections } from '../../../workdir/projections/projections.js';
import { ConfirmedStory } from '../../domain/confirmed-story.js';
import { syntheticRun } from '../../support/run-events.js';
import { filesOf, syntheticWorkdir } from '../../support/synthetic-workdir.js';

it('after repeats have changed what an experiment is worth that had ended before', async () => {
  const story = new ConfirmedStory().setUp([], { ...DEFAULT_CONFIRMATION, verifyRuns: 0 });
  story.completed('000_baseline', 100, { findings: ['The baseline runs.'] });
  story.tell(...consequencesOf(story.state, '000_baseline')).due();
  const early = story.events.length;
  story.ends('000_headspace', 500).ends('001_mtp', 90);
  for (const id of story.open('calibration')) story.ends(id, 140);

  const run = syntheticRun({ followUps: 1 });
  const kept = await syntheticWorkdir(run);
  const record = newRunRecord();
  const projections = new Projections(kept.workdir, kept.context.config);
  for (const event of story.events.slice(0, early)) applyToRecord(record, event);
  await projections.renew(record);
  expect(await readFile(kept.workdir.findings, 'utf8')).toContain('## 000_baseline (100 samples/s)');
  for (const event of story.events.slice(early)) applyToRecord(record, event);
  await projections.renew(record);
  expect(await readFile(kept.workdir.findings, 'utf8')).not.toContain('(100 samples/s)');

  const rebuilt = await syntheticWorkdir(run);
  await new Projections(rebuilt.workdir, rebuilt.context.config).renew(record);
  expect(await filesOf(kept.workdir)).toEqual(await filesOf(rebuilt.workdir));
});
