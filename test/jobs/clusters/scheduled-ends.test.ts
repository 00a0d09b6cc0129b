import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { writeJsonAtomic } from '../../../host/atomic-file.js';
import { ScheduledEnds } from '../../../jobs/clusters/scheduled-ends.js';
import type { SchedulerState } from '../../../jobs/clusters/scheduler.js';
import { StatePoll } from '../../../jobs/clusters/state-poll.js';
import { submissionFile } from '../../../jobs/clusters/submission.js';
import { removeFolder } from '../../support/remove-folder.js';

const LAG_MS = 200;

it('waits for the record of a job that ran again, however long ago its first time ended', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'autoresearch-ends-'));
  onTestFinished(() => removeFolder(dir));
  const pending: SchedulerState = { state: 'pending' };
  const poll = new StatePoll({ states: async () => new Map([['7', pending]]) }, 0, () => {});
  const ends = new ScheduledEnds(poll, LAG_MS);
  await submissionFile.write(dir, { name: 'ar-r-n1', schedulerId: '7', submittedAtMs: 1 });
  // Killed, and put back into the queue.
  const times = { started_at: 1, ended_at: 2 };
  await writeJsonAtomic(join(dir, 'job.json'), { job_id: 'x', command: 'x', pid: 1, cause: 'lost', ...times });
  expect(await ends.onRecord(dir)).toBeNull();
  await sleep(2 * LAG_MS);
  expect(await ends.onRecord(dir)).toBeNull();
  // Its second time, which its scheduler says has ended: the record of that comes a moment later.
  await rm(join(dir, 'job.json'));
  const word = { cause: 'exit', returnCode: 0, startedAtMs: 3, endedAtMs: 4 } as const;
  expect(await ends.byWord(dir, word, true)).toMatchObject({ state: 'running' });
  await sleep(2 * LAG_MS);
  expect(await ends.byWord(dir, word, true)).toMatchObject({ state: 'ended', returnCode: 0 });
});
