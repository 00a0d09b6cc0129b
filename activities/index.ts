/** Puts the activities together for one workdir. What is slow to open is opened when it is first needed, once. */

import type { Client } from '@temporalio/client';
import type { Activities } from '../domain/protocol/activities.js';
import { createPlatform } from '../jobs/platforms/index.js';
import { openSourceControl } from '../source/control/open.js';
import type { SourceControl } from '../source/control/source-control.js';
import { openRunLog } from '../workdir/event-log.js';
import type { RunContext } from '../workdir/run-context.js';
import { makeAcceptExperiment } from './accept-experiment.js';
import { makeAsk } from './agent-calls/ask.js';
import { makeAnalyze } from './analyze.js';
import { makeApplyPatch } from './apply-patch.js';
import { makeBuildImage } from './build-image.js';
import { makeCancelJob } from './cancel-job.js';
import { makeCollectEvidence } from './collect-evidence.js';
import { makeDrawCharts } from './draw-charts.js';
import { openEarlyGrants } from './engine-mail/early-grants.js';
import { openEngineMailbox } from './engine-mail/engine-mailbox.js';
import { withGroupCommit } from './engine-mail/group-commit.js';
import { makeExportWorkdir } from './export-workdir.js';
import { guarded } from './guard/guarded.js';
import { makeInstrument } from './instrument.js';
import { makeLaunchJob } from './launch-job.js';
import { makeLoadState } from './load-state.js';
import { makeLookupExperiments } from './lookup-experiments.js';
import { makePlan } from './plan.js';
import { makePollMetrics } from './poll-metrics.js';
import { makeReleaseTree } from './release-tree.js';
import { makeSetup } from './setup-source.js';
import { makeTellEngine } from './tell-engine.js';
import { makeReport } from './write-reports.js';

export async function createActivities({
  context,
  client,
}: {
  context: RunContext;
  client: Client;
}): Promise<Activities> {
  const deps = {
    ...reportDeps(context, client),
    platform: await createPlatform(context.config.platform, context),
    mailbox: openEngineMailbox(context.config.run_id, client),
    earlyGrants: openEarlyGrants(context.config.run_id, client, context.log),
    client,
  };
  const activities: Activities = {
    loadState: makeLoadState(deps),
    setup: makeSetup(deps),
    instrument: makeInstrument(deps),
    applyPatch: makeApplyPatch(deps),
    buildImage: makeBuildImage(deps),
    launchJob: makeLaunchJob(deps),
    pollMetrics: makePollMetrics(deps),
    cancelJob: makeCancelJob(deps),
    collectEvidence: makeCollectEvidence(deps),
    analyze: makeAnalyze(deps),
    releaseTree: makeReleaseTree(deps),
    plan: makePlan(deps),
    acceptExperiment: makeAcceptExperiment(deps),
    tellEngine: makeTellEngine(deps),
    exportWorkdir: withGroupCommit(makeExportWorkdir(deps)),
    drawCharts: makeDrawCharts(deps),
    report: makeReport(deps),
    lookupExperiments: makeLookupExperiments(deps),
  };
  return guarded(activities, context);
}

/** The reports alone, for a person who asks for them when no engine runs. */
export function createReport(context: RunContext): Activities['report'] {
  return makeReport(reportDeps(context));
}

/** The check of a person's own experiment alone, for one that is given while no engine runs. */
export function createAcceptExperiment(context: RunContext): Activities['acceptExperiment'] {
  return makeAcceptExperiment(reportDeps(context));
}

function reportDeps(context: RunContext, client: Client | null = null) {
  const { workdir, config } = context;
  const sourceControl = whenFirstUsed(() => openSourceControl({ workdir, config }));
  return { context, runLog: openRunLog(workdir, context.log), sourceControl, ask: makeAsk(context, client) };
}

/** A source control whose every method opens the real one on first use; a failed opening is tried again. */
function whenFirstUsed(open: () => Promise<SourceControl>): SourceControl {
  let opened: Promise<SourceControl> | null = null;
  const get = () => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  return {
    anchor: async () => (await get()).anchor(),
    openTree: async (...args) => (await get()).openTree(...args),
    closeTree: async (...args) => (await get()).closeTree(...args),
    commitEdits: async (...args) => (await get()).commitEdits(...args),
    commitOf: async (...args) => (await get()).commitOf(...args),
    readFile: async (...args) => (await get()).readFile(...args),
    listFiles: async (...args) => (await get()).listFiles(...args),
    linkedPaths: async (...args) => (await get()).linkedPaths(...args),
    originals: async (...args) => (await get()).originals(...args),
    diff: async (...args) => (await get()).diff(...args),
    contentHash: async (...args) => (await get()).contentHash(...args),
    contentHashes: async (...args) => (await get()).contentHashes(...args),
    contentHashWith: async (...args) => (await get()).contentHashWith(...args),
  };
}
