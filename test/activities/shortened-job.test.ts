/** A repeat that has shown what it must is ended, and counts: from the look at its job to its evidence. */
import { readFile } from 'node:fs/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeCancelJob } from '../../activities/cancel-job.js';
import { makeCollectEvidence } from '../../activities/collect-evidence.js';
import { makePollMetrics } from '../../activities/poll-metrics.js';
import type { Evidence } from '../../domain/evidence/evidence.js';
import type { JobEnd } from '../../domain/protocol/activities.js';
import { BASELINE_ID } from '../../domain/run/experiment-record.js';
import { writeFileAtomic, writeJsonAtomic } from '../../host/atomic-file.js';
import { openRunLog } from '../../workdir/event-log.js';
import { ConfirmedStory } from '../domain/confirmed-story.js';
import { JobFixture, linesOf, RUN } from './job-fixture.js';

let jobs: JobFixture;
beforeEach(async () => {
  jobs = await JobFixture.make();
});
afterEach(() => jobs.remove());

const WHOLE = '002_a';
const REPEAT = '002_a_repeat_1';
const node = (nodeId: string) => ({ run: RUN, nodeId });
const deps = () => ({
  context: jobs.context,
  platform: jobs.platform,
  mailbox: jobs.mailbox,
  runLog: openRunLog(jobs.context.workdir),
});
const poll = (nodeId: string, windowMs?: number) =>
  new MockActivityEnvironment().run(
    makePollMetrics({ ...deps(), ...(windowMs === undefined ? {} : { windowMs }) }),
    node(nodeId),
  ) as Promise<JobEnd>;

/** Prints `steps` steps of about so many milliseconds, in no time. */
const printing = (ms: number, steps: number) =>
  `i=0; while [ $i -lt ${steps} ]; do i=$((i+1)); echo "[autoresearch] step=$i step_time_ms=${ms}.$((i%3))"; done`;

/** A run whose candidate was measured whole, at 20 ms a step, and waits for its repeat. */
async function measuredWhole(): Promise<void> {
  const { workdir } = jobs.context;
  const story = ConfirmedStory.seeded().proposes(WHOLE).ends(WHOLE, 500);
  expect(story.open()).toContain(REPEAT);
  await openRunLog(workdir).append(story.events);
  await launch(
    WHOLE,
    `${printing(20, 400)}; echo "[autoresearch] throughput_samples_per_s=500 sample_count=4000"; echo saved`,
  );
  await poll(WHOLE);
  await makeCollectEvidence(deps())(node(WHOLE));
}

async function launch(nodeId: string, command: string): Promise<string> {
  const { workdir } = jobs.context;
  await writeJsonAtomic(workdir.node(nodeId, 'spec.json'), { name: nodeId, launch_command: 'python train.py' });
  const { jobId } = await jobs.platform.launch(await jobs.request(nodeId, command));
  await writeFileAtomic(workdir.run(nodeId, 'job_id.txt'), jobId);
  return jobId;
}

async function launchRepeat(ms: number, steps: number): Promise<string> {
  await measuredWhole();
  const jobId = await launch(REPEAT, `${printing(ms, steps)}; echo up; sleep 600`);
  await linesOf(jobs.context.workdir.job(jobId, 'stdout.log'), steps + 1);
  return jobId;
}

const evidenceOf = async (nodeId: string) =>
  JSON.parse(await readFile(jobs.context.workdir.evidence(nodeId), 'utf8')) as Evidence;

it('ends it, and tells its rate on the scale of the whole run, however often it is asked', async () => {
  const jobId = await launchRepeat(25, 200);
  const end = await poll(REPEAT);
  expect(end).toMatchObject({ failure: null });
  expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'ended', cause: 'cancelled' });
  expect(await poll(REPEAT)).toEqual(end);
  for (let time = 0; time < 2; time += 1) {
    const { metrics } = await makeCollectEvidence(deps())(node(REPEAT));
    expect(metrics.throughput_samples_per_s).toBeCloseTo((500 * 20.1) / 25.1, 0);
    expect(metrics.steady_step_time_ms).toBeCloseTo(25.1, 1);
  }
  const evidence = await evidenceOf(REPEAT);
  expect(evidence.shortened).toMatch(/^ended early after 200 of 400 steps.* the whole run of 002_a /);
  expect(evidence.findings).toContain(evidence.shortened);
  expect(evidence.doubt).toBeUndefined();
});

it.each([
  { says: 'batch_size=8', ends: true },
  { says: 'batch_size=16', ends: false },
  { says: 'nothing of its batch', ends: false },
])(
  'with --measure-seconds other code that prints $says is measured against the baseline: $ends',
  async ({ says, ends }) => {
    const { workdir, config } = jobs.context;
    Object.assign(config, { measure_seconds: 3 });
    await openRunLog(workdir).append(ConfirmedStory.seeded().proposes(WHOLE).events);
    const printed = (text: string) => `echo "[autoresearch] ${text}"`;
    await launch(
      BASELINE_ID,
      `${printed('batch_size=8')}; ${printing(20, 400)}; ${printed('throughput_samples_per_s=390')}`,
    );
    await jobs.end(`local_${BASELINE_ID}`);
    await makeCollectEvidence(deps())(node(BASELINE_ID));
    const jobId = await launch(WHOLE, `${printed(says)}; ${printing(25, 200)}; echo up; sleep 600`);
    await linesOf(workdir.job(jobId, 'stdout.log'), 202);
    if (!ends) {
      await expect(poll(WHOLE, 50)).rejects.toMatchObject({ type: 'still_running' });
      return await jobs.platform.cancel(jobId);
    }
    expect(await poll(WHOLE)).toMatchObject({ failure: null });
    const { metrics } = await makeCollectEvidence(deps())(node(WHOLE));
    expect(metrics.throughput_samples_per_s).toBeCloseTo((390 * 20.1) / 25.1, 0);
    expect((await evidenceOf(WHOLE)).shortened).toMatch(/3 s of them steady, as --measure-seconds asks/);
  },
);

it('goes on where a killed worker had only written down what was measured', async () => {
  const jobId = await launchRepeat(25, 200);
  const { cancel } = jobs.platform;
  jobs.platform.cancel = async () => {
    throw new Error('the worker was killed');
  };
  await expect(poll(REPEAT, 50)).rejects.toMatchObject({ type: 'still_running' });
  expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
  jobs.platform.cancel = cancel;
  expect(await poll(REPEAT)).toMatchObject({ failure: null });
});

it('takes one that came to its end meanwhile for the whole run that it is', async () => {
  await measuredWhole();
  const mark = { of: WHOLE, steps: 200, whole_steps: 400, speed_ratio: 9, standard_error: 0.001 };
  await writeJsonAtomic(jobs.context.workdir.run(REPEAT, 'shortened.json'), mark);
  const jobId = await launch(REPEAT, `${printing(25, 400)}; echo "[autoresearch] throughput_samples_per_s=400"`);
  await jobs.end(jobId);
  expect(await poll(REPEAT)).toMatchObject({ failure: null });
  expect(await makeCollectEvidence(deps())(node(REPEAT))).toMatchObject({ metrics: { throughput_samples_per_s: 400 } });
  expect((await evidenceOf(REPEAT)).shortened).toBeUndefined();
});

it('a person who cancelled it first did so', async () => {
  await launchRepeat(25, 200);
  await makeCancelJob({ context: jobs.context, platform: jobs.platform })(node(REPEAT));
  expect((await poll(REPEAT)).failure).toMatchObject({ kind: 'cancelled' });
});

it.each([
  { name: 'one of a run that ends none', config: { early_abort: false } },
  { name: 'one that is compared by a number of the user’s own', config: { metric: { name: 'm', pattern: 'm=(.*)' } } },
  { name: 'one that has shown too little', steps: 90 },
])('leaves alone $name', async ({ config = {}, steps = 200 }) => {
  const jobId = await launchRepeat(25, steps);
  Object.assign(jobs.context.config, config);
  await expect(poll(REPEAT, 50)).rejects.toMatchObject({ type: 'still_running' });
  expect(await jobs.platform.status(jobId)).toMatchObject({ state: 'running' });
  await jobs.platform.cancel(jobId);
});
