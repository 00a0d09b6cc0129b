import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workdir } from '../../workdir/paths.js';
import { notePending, pendingJobs } from '../../workdir/pending-jobs.js';
import { Story } from '../domain/run-story.js';
import { removeFolder } from '../support/remove-folder.js';

let workdir: Workdir;
beforeAll(async () => {
  workdir = new Workdir(await mkdtemp(join(tmpdir(), 'autoresearch-pending-')));
});
afterAll(() => removeFolder(workdir.root));

it('is known of jobs that were launched and do not run, since their first reason', async () => {
  const nodeId = '000_baseline';
  const story = new Story().setUp().tell({ type: 'experiment_preparing', nodeId });
  story.tell({ type: 'experiment_prepared', nodeId, commit: 'c1' });
  await notePending(workdir, nodeId, 'Slurm: PENDING, Priority');
  expect(await pendingJobs(workdir, story.state)).toEqual(new Map());
  expect(await pendingJobs(workdir, null)).toEqual(new Map());

  story.tell({ type: 'slot_granted', nodeId, slot: 0 });
  const first = (await pendingJobs(workdir, story.state)).get(nodeId)!;
  expect(first.reason).toBe('Slurm: PENDING, Priority');
  expect(Math.abs(first.sinceMs - Date.now())).toBeLessThan(60_000);
  for (let time = 0; time < 2; time += 1) await notePending(workdir, nodeId, 'Slurm: PENDING, Resources');
  const second = (await pendingJobs(workdir, story.state)).get(nodeId);
  expect(second).toEqual({ reason: 'Slurm: PENDING, Resources', sinceMs: first.sinceMs });

  await writeFile(workdir.run(nodeId, 'pending.json'), '{"reason": 7}');
  expect(await pendingJobs(workdir, story.state)).toEqual(new Map());
  for (let time = 0; time < 2; time += 1) await notePending(workdir, nodeId, null);
  expect(await pendingJobs(workdir, story.state)).toEqual(new Map());
});
