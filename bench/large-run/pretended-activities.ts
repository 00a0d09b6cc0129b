/** Activities of a run whose jobs and agents only pretend: all that costs something is the engine itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { openEngineMailbox } from '../../activities/engine-mail/engine-mailbox.js';
import { withGroupCommit } from '../../activities/engine-mail/group-commit.js';
import { makeExportWorkdir } from '../../activities/export-workdir.js';
import { makeLookupExperiments } from '../../activities/lookup-experiments.js';
import { makeTellEngine } from '../../activities/tell-engine.js';
import { UNKNOWN_METRICS } from '../../domain/evidence/metrics.js';
import { SpecSchema } from '../../domain/formats/spec.js';
import type { Activities, PlanResult } from '../../domain/protocol/activities.js';
import { SEEDS } from '../../domain/run/experiment-record.js';
import { NOTHING_SPENT } from '../../domain/run/ledger.js';
import { localJobId } from '../../domain/run/naming.js';
import { openRunLog } from '../../workdir/event-log.js';
import type { RunContext } from '../../workdir/run-context.js';
import { writePlan } from '../../workdir/spec-store.js';

/** As many as a planner may propose at once (activities/plan.ts). */
const ROUND = 12;
/** A second or so: short for a job, so that the engine has much to do. */
export const SHORT: Pace = { jobMs: [600, 1_400], agentMs: 200 };
/** Next to nothing: the engine's own work is all there is. */
export const INSTANT: Pace = { jobMs: [20, 60], agentMs: 5 };

export interface Pace {
  jobMs: readonly [number, number];
  agentMs: number;
}

export interface ExportCost {
  ms: number;
  events: number;
}

export interface Pretended {
  activities: Activities;
  exports: ExportCost[];
}

/** `followUps` experiments after the seeds; without `exporting` the workdir stays as it is. */
export function pretendedActivities(
  { context, client }: { context: RunContext; client: Client },
  followUps: number,
  exporting: boolean,
  { jobMs, agentMs }: Pace,
): Pretended {
  const { workdir, config } = context;
  const mailbox = openEngineMailbox(config.run_id, client);
  const runLog = openRunLog(workdir);
  const exportWorkdir = makeExportWorkdir({ context, runLog });
  const exports: ExportCost[] = [];
  let proposed = 0;
  let turn = 0;
  const chance = () => {
    turn += 1;
    return (turn * 0.618_033_988_749) % 1;
  };

  const proposal = (index: number): PlanResult['proposals'][number] => ({
    index,
    name: `decode_${proposed + index}`,
    parentId: '000_baseline',
    startCommit: null,
    priority: 0,
    changeSet: [`decode=${proposed + index}`],
    tags: [],
  });

  const activities: Activities = {
    loadState: async () => null,
    setup: async () => ({
      anchorCommit: 'a0',
      seeds: SEEDS.map((seed) => ({ ...seed, tags: [...seed.tags], changeSet: [seed.kind] })),
      practices: [],
      repair: { retries: 0, experiments: [] },
    }),
    instrument: async () => ({ baseCommit: 'b0', spent: NOTHING_SPENT }),
    applyPatch: async ({ experiment }) => {
      await sleep(agentMs);
      return { commit: `c${experiment.nodeId}`, changed: true, spent: NOTHING_SPENT };
    },
    buildImage: async () => ({ image: '', reused: true }),
    launchJob: async ({ nodeId }) => {
      const job = { jobId: localJobId(nodeId), launchedAtMs: Date.now() };
      void mailbox.deliver({ type: 'launched', nodeId, ...job }, { canWait: true });
      return job;
    },
    pollMetrics: async () => {
      const ms = jobMs[0] + (jobMs[1] - jobMs[0]) * chance();
      await sleep(ms);
      return { durationS: ms / 1000, failure: null };
    },
    cancelJob: async () => undefined,
    collectEvidence: async () => ({ metrics: UNKNOWN_METRICS, sources: {} }),
    analyze: async () => {
      await sleep(agentMs);
      const metrics = { ...UNKNOWN_METRICS, throughput_samples_per_s: 100 + chance(), step_time_ms: 10 };
      const findings = ['The decode stage is busy all the time; its queue is empty.'];
      return { result: { metrics, sources: { step_time_ms: 'parsed' as const }, findings }, spent: NOTHING_SPENT };
    },
    releaseTree: async () => undefined,
    plan: async ({ iteration }) => {
      await sleep(agentMs);
      const proposals = Array.from({ length: Math.min(ROUND, followUps - proposed) }, (_, index) => proposal(index));
      proposed += proposals.length;
      const specs = proposals.map(({ name }) => SpecSchema.parse({ name, changes: [name], description: name }));
      await writePlan(workdir, iteration, specs);
      const action = proposals.length > 0 ? 'launch' : 'stop';
      return {
        action,
        reasoning: 'more',
        proposals,
        refused: [],
        notApplicable: [],
        tookMs: agentMs,
        spent: NOTHING_SPENT,
      };
    },
    acceptExperiment: async () => ({ accepted: false, reason: 'nobody steers this run' }),
    tellEngine: makeTellEngine({ context, mailbox, runLog }),
    exportWorkdir: withGroupCommit(async (input) => {
      if (!exporting) return { seq: input.events.at(-1)?.seq ?? 0 };
      const begin = performance.now();
      const result = await exportWorkdir(input);
      exports.push({ ms: performance.now() - begin, events: input.events.length });
      return result;
    }),
    drawCharts: async () => undefined,
    report: async () => ({ spent: NOTHING_SPENT }),
    lookupExperiments: makeLookupExperiments({ context, client }),
  };
  return { activities, exports };
}
