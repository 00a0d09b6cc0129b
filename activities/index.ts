/** Puts the activities together for one workdir. What is slow to open is opened when it is first needed, once. */

import { CompleteAsyncError, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { makeAcceptExperiment } from './accept-experiment.js';
import { raise } from './activity-failure.js';
import { withPulse } from './activity-pulse.js';
import { makeAsk } from './agents/ask.js';
import { makeAnalyze } from './analyze.js';
import { makeApplyPatch } from './apply-patch.js';
import { makeBuildImage } from './build-image.js';
import { makeCancelJob } from './cancel-job.js';
import { makeCollectEvidence } from './collect-evidence.js';
import type { Activities } from './contract.js';
import { makeDrawCharts } from './draw-charts.js';
import { openEngineMailbox } from './engine-mailbox.js';
import { makeExportWorkdir } from './export-workdir.js';
import { makeReport } from './final-report.js';
import { withGroupCommit } from './group-commit.js';
import { makeInstrument } from './instrument.js';
import { makeLaunchJob } from './launch-job.js';
import { makeLoadState } from './load-state.js';
import { makeLookupExperiments } from './lookup-experiments.js';
import { makePlan } from './plan.js';
import { createPlatform } from './platforms/index.js';
import { makePollMetrics } from './poll-metrics.js';
import { makeReleaseTree } from './release-tree.js';
import { ownWorkflow, type RunContext } from './run-context.js';
import { openRunLog } from './run-log.js';
import { makeSetup } from './setup.js';
import { openSourceControl } from './source-control/open.js';
import type { SourceControl } from './source-control/source-control.js';
import { makeTellEngine } from './tell-engine.js';

export function createActivities({ context, client }: { context: RunContext; client: Client }): Activities {
  const deps = {
    ...reportDeps(context),
    platform: createPlatform(context.config.platform, context),
    mailbox: openEngineMailbox(context.config.run_id, client),
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

function reportDeps(context: RunContext) {
  const { workdir, config } = context;
  const sourceControl = whenFirstUsed(() => openSourceControl({ workdir, config }));
  return { context, runLog: openRunLog(workdir), sourceControl, ask: makeAsk(context) };
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
  };
}

/** An unexpected exception may pass (a full disk, a race with a person); after this many tries it is a typed failure. */
const UNEXPECTED_TRIES = 4;
/** Repeated without end by the workflows: nothing that they need can be given up. */
const NEVER_GIVEN_UP: readonly string[] = ['exportWorkdir', 'tellEngine', 'loadState', 'lookupExperiments'];
/** Its heartbeats carry where it stands. */
const OWN_PULSE: readonly string[] = ['pollMetrics'];

type AnyActivity = (input: never) => Promise<unknown>;

/** Around every activity: heartbeats, and typed failures instead of whatever was thrown. */
function guarded(activities: Activities, context: RunContext): Activities {
  const wrapped = Object.entries(activities).map(([name, act]: [string, AnyActivity]) => {
    const guard = async (input: never) => {
      ownWorkflow(context, Context.current().info);
      try {
        return OWN_PULSE.includes(name) ? await act(input) : await withPulse(() => act(input));
      } catch (error) {
        if (
          error instanceof ApplicationFailure ||
          error instanceof CancelledFailure ||
          error instanceof CompleteAsyncError
        )
          throw error;
        const { attempt } = Context.current().info;
        context.log(`${name} failed (try ${attempt})`, { error: error instanceof Error ? error.stack : String(error) });
        Context.current().cancellationSignal.throwIfAborted();
        if (attempt < UNEXPECTED_TRIES || NEVER_GIVEN_UP.includes(name)) throw error;
        return raise('unexpected_exception', String(error), {
          exception_type: error instanceof Error ? error.name : null,
        });
      }
    };
    return [name, guard];
  });
  return Object.fromEntries(wrapped) as unknown as Activities;
}
