/**
 * Looks at what a running job printed, and ends it where it cannot come near the best. Why stands on disk before the
 * job gets to know: whoever sees its end, after whatever happened meanwhile, then knows that it was no person who
 * cancelled it.
 */
import { existsSync } from 'node:fs';
import { type Hopeless, hopeless, incumbentFor } from '../domain/belief/early-abort.js';
import type { Evidence } from '../domain/evidence/evidence.js';
import type { NodeRef } from '../domain/protocol/activities.js';
import { readJsonIfAny, readJsonIfWhole, writeJsonAtomic } from '../host/atomic-file.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { cancelMark } from './job-files.js';
import { printedSteps } from './job-progress.js';
import { launchFacts } from './launch-facts.js';
import type { Platform } from './platforms/platform.js';

interface EarlyAbortDeps {
  context: RunContext;
  platform: Platform;
  runLog: RunLog;
}

/** Ends the job where it is hopeless; returns when it has ended then. */
export async function endIfHopeless(deps: EarlyAbortDeps, { nodeId }: NodeRef, jobId: string): Promise<void> {
  const { context, platform } = deps;
  if (!context.config.early_abort || existsSync(cancelMark(context.workdir, nodeId))) return;
  // A worker may have been killed between the two.
  const known = await measuredEarly(context.workdir, nodeId);
  const measured = known ?? (await look(deps, nodeId, jobId));
  if (measured === null) return;
  if (known === null) await writeJsonAtomic(abortMark(context.workdir, nodeId), measured);
  await platform.cancel(jobId);
  context.log('job ended early', { node: nodeId, job_id: jobId, ...measured });
}

/** Why the job was ended early; null where it was not, or where a person cancelled it. */
export async function whyEndedEarly(workdir: Workdir, nodeId: string): Promise<Hopeless | null> {
  return existsSync(cancelMark(workdir, nodeId)) ? null : await measuredEarly(workdir, nodeId);
}

async function measuredEarly(workdir: Workdir, nodeId: string): Promise<Hopeless | null> {
  return (await readJsonIfAny(abortMark(workdir, nodeId))) as Hopeless | null;
}

function abortMark(workdir: Workdir, nodeId: string): string {
  return workdir.run(nodeId, 'ended_early.json');
}

async function look({ context, platform, runLog }: EarlyAbortDeps, nodeId: string, jobId: string) {
  const { workdir } = context;
  const state = await runLog.state();
  if (state.best === null) return null;
  const evidence = (await readJsonIfWhole(workdir.evidence(state.best))) as Evidence | null;
  const incumbent = incumbentFor(state, nodeId, evidence);
  if (incumbent === null) return null;
  const printed = await printedSteps(platform, jobId);
  if (printed === null || (evidence?.steps.processes ?? 1) > 1) return null;
  const { steps, singles } = printed;
  const launch = await launchFacts(context, nodeId);
  const batchSize = singles.batch_size ?? launch.batchSize;
  return hopeless({ steps, batchSize, ranks: singles.world_size ?? launch.ranks }, incumbent);
}
