/** The activity `cancelJob`: ends a node's job with all its processes. No error when there is none or it has ended. */

import type { Activities } from '../domain/protocol/activities.js';
import { writeFileAtomic } from '../host/atomic-file.js';
import { cancelMark, findJobId } from '../jobs/job-files.js';
import type { Platform } from '../jobs/platforms/platform.js';
import type { RunContext } from '../workdir/run-context.js';

export function makeCancelJob(deps: { context: RunContext; platform: Platform }): Activities['cancelJob'] {
  const { context, platform } = deps;
  return async (input) => {
    // Before the look for a job: a launch that is under way finds this mark when its job is there.
    await writeFileAtomic(cancelMark(context.workdir, input.nodeId), '');
    const jobId = await findJobId(context, platform, input);
    if (jobId === null) return;
    await platform.cancel(jobId);
    context.log('job cancelled', { node: input.nodeId, job_id: jobId });
  };
}
