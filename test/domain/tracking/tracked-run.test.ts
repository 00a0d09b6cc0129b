import { describe, expect, it } from 'vitest';
import { SpecSchema } from '../../../domain/formats/spec.js';
import { experimentTable } from '../../../domain/reports/experiment-table.js';
import { trackedExperiments, trackedRun } from '../../../domain/tracking/tracked-run.js';
import { Story } from '../run-story.js';

const nothing = { spec: null, evidence: null, series: [] };

describe('an experiment as a tracked run', () => {
  const story = new Story().setUp();
  story
    .seedsDone()
    .add('002_x', { changeSet: ['--batch-size=64'] })
    .completed('002_x', 150);
  story.add('003_broken').running('003_broken').failed('003_broken').add('004_waits');
  const shown = (nodeId: string) => experimentTable(story.state).find((row) => row.nodeId === nodeId)!;

  it('is there once its job was launched', () => {
    expect(trackedExperiments(story.state).map(({ nodeId }) => nodeId)).toEqual([
      '000_baseline',
      '000_headspace',
      '001_mtp',
      '002_x',
      '003_broken',
    ]);
    expect(() => trackedRun(story.state, shown('004_waits'), nothing)).toThrow('004_waits has no job');
  });

  it('has flags as settings, numbers as numbers, and none that holds a credential', () => {
    const launch = 'WANDB_API_KEY=abcdef python train.py --batch-size 64 --lr=1e-3 --hf-token s3cret --name x --fast';
    const spec = SpecSchema.parse({ name: 'x', hypothesis: 'password=hunter2 is faster', launch_command: launch });
    const run = trackedRun(story.state, shown('002_x'), { ...nothing, spec });
    expect(run.settings).toEqual({
      kind: 'planned',
      parent: '000_baseline',
      changes: '--batch-size=64',
      batch_size: 64,
      lr: 0.001,
      name: 'x',
      fast: '',
    });
    expect(JSON.stringify(run)).not.toMatch(/abcdef|s3cret|hunter2/);
  });

  it('says how it failed', () => {
    const run = trackedRun(story.state, shown('003_broken'), nothing);
    expect(run).toMatchObject({ status: 'failed', text: expect.stringContaining('**Status:** failed: job_failed') });
    expect(run.values).not.toHaveProperty('gain');
  });
});
