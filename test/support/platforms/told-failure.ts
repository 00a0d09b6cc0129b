/** How a run is told of a job's end: the kind of failure, its words, and the next step for the reader. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect } from 'vitest';
import { makePollMetrics } from '../../../activities/poll-metrics.js';
import type { JobEnd } from '../../../domain/protocol/activities.js';
import { type Failure, type FailureKind, suggestedAction } from '../../../domain/run/failure.js';
import type { LaunchRequest, Platform } from '../../../jobs/platforms/platform.js';
import { openRunLog } from '../../../workdir/event-log.js';
import type { Bench } from './conformance.js';

const mailbox = { deliver: async () => true };

/** As the workflow of an experiment hears it, while somebody does something to the job. */
export async function failureOf(
  { bench, platform }: { bench: Bench; platform: Platform },
  command: string,
  happens: (jobId: string) => Promise<unknown> = async () => {},
  more: Partial<LaunchRequest> = {},
): Promise<Failure | null> {
  const { context } = bench;
  const { jobId } = await platform.launch(await bench.request('n1', command, more));
  const poll = makePollMetrics({ context, platform, mailbox, runLog: openRunLog(context.workdir) });
  const [end] = await Promise.all([
    new MockActivityEnvironment().run(poll, { run: context.config.run_id, nodeId: 'n1' }) as Promise<JobEnd>,
    happens(jobId),
  ]);
  return end.failure;
}

/** For a failure of this kind, whose next step says so. */
export function told(kind: FailureKind, message: RegExp, step: RegExp): unknown {
  expect(suggestedAction(kind)).toMatch(step);
  return expect.objectContaining({ kind, message: expect.stringMatching(message) });
}
