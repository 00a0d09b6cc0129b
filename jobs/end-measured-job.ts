/**
 * Ends a job that has shown what it must (domain/belief/shortened-repeat.ts): a repeat, and with `--measure-seconds`
 * any but the baseline's first. What was measured stands on disk
 * before the job gets to know, as with one that is hopeless: whoever sees its end knows that it counts.
 */
import { existsSync } from 'node:fs';
import { expectedNoise } from '../domain/belief/repeats.js';
import { measuredFor, type Shortened, shortened } from '../domain/belief/shortened-repeat.js';
import type { NodeRef } from '../domain/protocol/activities.js';
import type { EngineState } from '../domain/run/engine-state.js';
import { BASELINE_ID } from '../domain/run/experiment-record.js';
import { readJsonIfAny, writeJsonAtomic } from '../host/atomic-file.js';
import type { RunLog } from '../workdir/event-log.js';
import type { Workdir } from '../workdir/paths.js';
import type { RunContext } from '../workdir/run-context.js';
import { cancelMark, findJobId } from './job-files.js';
import { type PrintedSteps, printedSteps } from './job-progress.js';
import { launchFacts } from './launch-facts.js';
import type { Platform } from './platforms/platform.js';

interface Deps {
  context: RunContext;
  platform: Platform;
  runLog: RunLog;
}

/** Looks in the time of a whole run; a look reads what the job printed. */
const LOOKS = 10;
const LEAST_PAUSE_MS = 500;
/** A job that ends within this is not worth a look. */
const SHORTEST_S = 2;

/** After how many milliseconds another look at the experiment's job is worth its while; Infinity where none is. */
export async function lookPauseMs(
  { context, runLog }: Pick<Deps, 'context' | 'runLog'>,
  { nodeId }: NodeRef,
): Promise<number> {
  if (!context.config.early_abort || context.config.metric) return Number.POSITIVE_INFINITY;
  const whole = wholeRun(await runLog.state(), nodeId, context.config.measure_seconds);
  const lastsS = whole?.enoughS ?? whole?.durationS ?? 0;
  return lastsS < SHORTEST_S ? Number.POSITIVE_INFINITY : Math.max(LEAST_PAUSE_MS, (1000 * lastsS) / LOOKS);
}

/** Ends the job where it may be; returns when it has ended then. */
export async function endIfMeasured(deps: Deps, node: NodeRef, jobId: string): Promise<void> {
  const { context, platform, runLog } = deps;
  const { workdir } = context;
  if (!context.config.early_abort || context.config.metric || existsSync(cancelMark(workdir, node.nodeId))) return;
  // A worker may have been killed between the two.
  const before = await whyShortened(workdir, node.nodeId);
  const measured = before ?? (await look(deps, await runLog.state(), node, jobId));
  if (measured === null) return;
  if (before === null) await writeJsonAtomic(markOf(workdir, node.nodeId), measured);
  await platform.cancel(jobId);
  context.log('a job ended early: it had shown what it must', { node: node.nodeId, job_id: jobId, ...measured });
}

/** What was measured of the job when it was ended; null where it was not, or where a person cancelled it. */
export async function whyShortened(workdir: Workdir, nodeId: string): Promise<Shortened | null> {
  if (existsSync(cancelMark(workdir, nodeId))) return null;
  return (await readJsonIfAny(markOf(workdir, nodeId))) as Shortened | null;
}

function markOf(workdir: Workdir, nodeId: string): string {
  return workdir.run(nodeId, 'shortened.json');
}

async function look(deps: Deps, state: EngineState, { run, nodeId }: NodeRef, jobId: string) {
  const whole = wholeRun(state, nodeId, deps.context.config.measure_seconds);
  if (whole === null) return null;
  const [own, known] = await Promise.all([
    printedSteps(deps.platform, jobId),
    stepsOfWhole(deps, { run, nodeId: whole.nodeId }),
  ]);
  if (own === null || known === null) return null;
  const { enoughS } = whole;
  if (enoughS === undefined) {
    if (own.singles.batch_size !== known.singles.batch_size) return null;
    return shortened(whole.nodeId, own.steps, known.steps, expectedNoise(state, whole.nodeId).sd);
  }
  // Other code may put other samples into a step.
  const [batch, ofBase] = await Promise.all(
    [
      { id: nodeId, of: own },
      { id: whole.nodeId, of: known },
    ].map(async ({ id, of }) => {
      const launch = await launchFacts(deps.context, id);
      return launch.mayHaveOtherBatch ? undefined : (of.singles.batch_size ?? launch.batchSize ?? undefined);
    }),
  );
  if (batch === undefined || batch !== ofBase) return null;
  return measuredFor(enoughS, whole.nodeId, own.steps, known.steps, expectedNoise(state).sd);
}

interface WholeRun {
  nodeId: string;
  durationS: number;
  /** Seconds of steps that are enough, where it is other code that is held against it. */
  enoughS?: number;
}

/** What a job is held against: the first run of what it repeats, else the baseline's; null where there is none. */
function wholeRun({ experiments }: EngineState, nodeId: string, measureSeconds: number): WholeRun | null {
  const row = experiments[nodeId];
  if (!row) return null;
  const whole = (of: string, enough: Pick<WholeRun, 'enoughS'>): WholeRun | null => {
    const now = experiments[of]?.state;
    const isWhole = now?.status === 'completed' && now.shortened === undefined;
    return isWhole ? { nodeId: of, durationS: now.durationS, ...enough } : null;
  };
  const repeated = row.origin.from === 'repeat' ? whole(row.origin.of, {}) : null;
  if (repeated !== null) return repeated;
  // Cached data bounds others, and must show all that it can.
  const isBound = row.kind === 'headspace' || row.origin.from === 'ceiling' || nodeId === BASELINE_ID;
  return measureSeconds > 0 && !isBound ? whole(BASELINE_ID, { enoughS: measureSeconds }) : null;
}

async function stepsOfWhole({ context, platform }: Deps, node: NodeRef): Promise<PrintedSteps | null> {
  const jobId = await findJobId(context, platform, node);
  return jobId === null ? null : await printedSteps(platform, jobId);
}
