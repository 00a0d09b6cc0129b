/** While a job waits in the queue of a cluster, people see for what; the engine hears nothing of it. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makePollMetrics } from '../../activities/poll-metrics.js';
import type { RunConfig } from '../../domain/formats/config.js';
import type { JobStatus, Platform } from '../../jobs/platforms/platform.js';
import { openRunLog } from '../../workdir/event-log.js';
import { pendingJobs } from '../../workdir/pending-jobs.js';
import { Story } from '../domain/run-story.js';
import { JobFixture, RUN } from './job-fixture.js';

const NODE = '000_baseline';
let jobs: JobFixture;
beforeEach(async () => {
  jobs = await JobFixture.make();
});
afterEach(() => jobs.remove());

const WAITS = (reason: string): JobStatus => ({ state: 'pending', reason });
const ENDED = { state: 'ended', startedAtMs: 1000, endedAtMs: 2000, returnCode: 0, cause: 'exit' } as const;

function platformThatSays(said: readonly JobStatus[], seen: () => Promise<unknown>, name = 'slurm'): Platform {
  let asked = 0;
  return {
    name,
    find: async () => ({ jobId: `${name}_${NODE}`, launchedAtMs: 500 }),
    launch: async () => expect.unreachable(),
    // The look for a hopeless job asks first.
    status: async () => said[Math.max(0, asked++ - 1)] ?? ENDED,
    waitForChange: async () => void (await seen()),
    logs: async () => ({ stdout: '', stderr: '' }),
    cancel: async () => {},
  };
}

async function watch(platform: Platform, pendingAfterMs?: number): Promise<void> {
  const runLog = openRunLog(jobs.context.workdir);
  const more = pendingAfterMs === undefined ? {} : { pendingAfterMs };
  const activity = makePollMetrics({ context: jobs.context, platform, mailbox: jobs.mailbox, runLog, ...more });
  await new MockActivityEnvironment().run(activity, { run: RUN, nodeId: NODE });
}

it('shows the reason of the wait until the job runs', async () => {
  const story = new Story().setUp().tell({ type: 'experiment_preparing', nodeId: NODE });
  story.tell(
    { type: 'experiment_prepared', nodeId: NODE, commit: 'c' },
    { type: 'slot_granted', nodeId: NODE, slot: 0 },
  );
  const said: JobStatus[] = [
    WAITS('Slurm: PENDING, Priority'),
    // As after a restart, before the scheduler was asked.
    { state: 'pending' },
    WAITS('Slurm: PENDING, Resources'),
    { state: 'running', startedAtMs: 1000 },
    ENDED,
  ];
  const seen: unknown[] = [];
  const look = async () =>
    seen.push([(await pendingJobs(jobs.context.workdir, story.state)).get(NODE)?.reason, jobs.told.length]);
  await watch(platformThatSays(said, look));
  expect(seen.slice(0, 3)).toEqual([
    ['Slurm: PENDING, Priority', 0],
    ['Slurm: PENDING, Priority', 0],
    ['Slurm: PENDING, Resources', 0],
  ]);
  expect(seen[3]).toMatchObject([undefined, expect.any(Number)]);
  expect(seen).toHaveLength(4);
});

it.each<[string, Partial<RunConfig>, string, number]>([
  ['of a cluster lends its slot, and says so once', {}, 'slurm', 1],
  ['keeps it where pending jobs count', { count_pending: true }, 'slurm', 0],
  ['keeps it where it holds devices', { slots: [{ gpus: '0', cpus: null }] }, 'slurm', 0],
  ['of this host keeps it', {}, 'local', 0],
])('a job that waits %s', async (_, config, name, times) => {
  await jobs.remove();
  jobs = await JobFixture.make(config);
  const said = [...Array.from({ length: 4 }, () => WAITS('Resources')), { state: 'running', startedAtMs: 1 } as const];
  await watch(
    platformThatSays(said, async () => {}, name),
    0,
  );
  const pending = jobs.told.filter(({ type }) => type === 'pending');
  expect(pending).toEqual(Array.from({ length: times }, () => ({ type: 'pending', nodeId: NODE })));
});
