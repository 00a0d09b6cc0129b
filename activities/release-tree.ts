/** Removes an experiment's tree when it is no longer needed; its commit stays, kept by its ref. */

import type { Activities } from '../domain/protocol/activities.js';
import { jobNameOf, type Platform } from '../jobs/platforms/platform.js';
import type { SourceControl } from '../source/control/source-control.js';
import type { RunContext } from '../workdir/run-context.js';
import { paidCalls } from './agent-calls/paid-calls.js';

export function makeReleaseTree(deps: {
  context: RunContext;
  sourceControl: SourceControl;
  platform?: Pick<Platform, 'dropReady'>;
}): Activities['releaseTree'] {
  const { context, sourceControl, platform } = deps;
  return async (input) => {
    platform?.dropReady?.(jobNameOf(input.run, input.nodeId));
    if (input.anew === true || !context.config.keep_trees) await sourceControl.closeTree(input.nodeId);
    return { paid: await paidCalls(context.workdir, input.nodeId) };
  };
}
